// s3rver with one thing mended: a body becomes visible when all of it is there, as in S3. (On its own it writes
// an object in place, so that the half of it shows, and stays when the client dies.)
//
//   node s3rver.js FOLDER BUCKET        in a folder that has node_modules/s3rver
//
// Says on stdout, a JSON object a line, where it listens and what it stored; takes {"rate": BYTES_PER_SECOND,
// "latency": SECONDS} from stdin.
'use strict';

const crypto = require('crypto');
const { once } = require('events');
const fs = require('fs');
const http = require('http');
const path = require('path');
const readline = require('readline');
const { Transform } = require('stream');
const { pipeline } = require('stream/promises');

const modules = path.join(process.cwd(), 'node_modules', 's3rver');
const S3rver = require(modules);
const AWSAccount = require(path.join(modules, 'lib', 'models', 'account'));
const FilesystemStore = require(path.join(modules, 'lib', 'stores', 'filesystem'));

const [folder, bucket] = process.argv.slice(2);
const incoming = path.join(folder, 'incoming');
const objects = path.join(folder, 'objects');
const pace = { rate: 0, latency: 0 };
let received = 0;

const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');
const rest = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Store a body under `target` when it has come whole; its size and MD5. */
async function receive(content, expected, target) {
  const temporary = path.join(incoming, String(received++));
  const md5 = crypto.createHash('md5');
  let size = 0;
  const meter = new Transform({
    transform(chunk, _encoding, done) {
      md5.update(chunk);
      size += chunk.length;
      if (pace.rate) setTimeout(() => done(null, chunk), (chunk.length / pace.rate) * 1000);
      else done(null, chunk);
    },
  });
  try {
    await pipeline(content, meter, fs.createWriteStream(temporary));
    if (expected !== undefined && size !== Number(expected)) throw new Error('the body is too short');
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  return { size, md5: md5.digest('hex') };
}

FilesystemStore.prototype.putObject = async function putObject(object) {
  const alone = object.content instanceof http.IncomingMessage;
  const expected = alone ? object.content.headers['content-length'] : undefined;
  const target = this.getResourcePath(object.bucket, object.key, 'object');
  const stored = await receive(object.content, expected, target);
  await this.putMetadata(object.bucket, object.key, object.metadata, stored.md5);
  say({ event: alone ? 'put' : 'complete', key: object.key, size: stored.size });
  return stored;
};

const initiate = FilesystemStore.prototype.initiateUpload;
FilesystemStore.prototype.initiateUpload = async function initiateUpload(bucketName, key, id, metadata) {
  await initiate.call(this, bucketName, key, id, metadata);
  say({ event: 'create', key });
};

FilesystemStore.prototype.putPart = async function putPart(bucketName, id, number, content) {
  const folderOfUpload = path.join(this.getResourcePath(bucketName, undefined, 'uploads'), id);
  const target = path.join(folderOfUpload, String(number));
  const stored = await receive(content, content.headers['content-length'], target);
  fs.writeFileSync(`${target}.md5`, stored.md5);
  const key = fs.readFileSync(path.join(folderOfUpload, 'key'), 'utf8');
  say({ event: 'part', key, number: Number(number), size: stored.size });
  return stored;
};

// The same parts asked for twice at once: the second request waits, and then finds them gone.
const complete = FilesystemStore.prototype.putObjectMultipart;
const completing = new Map();
FilesystemStore.prototype.putObjectMultipart = async function putObjectMultipart(bucketName, id, parts) {
  while (completing.has(id)) await completing.get(id);
  const work = complete.call(this, bucketName, id, parts);
  completing.set(id, work.catch(() => {}));
  try {
    return await work;
  } finally {
    completing.delete(id);
  }
};

async function main() {
  fs.mkdirSync(incoming, { recursive: true });
  fs.mkdirSync(objects, { recursive: true });
  AWSAccount.registry.get('S3RVER').createKeyPair('ASIAS3RVER', 'S3RVER');
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory: objects,
    vhostBuckets: false,
    configureBuckets: [{ name: bucket }],
  });
  server.on('error', () => {}); // a client that was killed; the log is not wanted
  server.middleware.unshift(async (_context, next) => {
    if (pace.latency) await rest(pace.latency);
    await next();
  });
  const { port } = await server.run();
  readline.createInterface({ input: process.stdin }).on('line', (line) => Object.assign(pace, JSON.parse(line)));
  say({ event: 'ready', port });
  await once(process.stdin, 'end');
  process.exit(0); // whoever started it is gone
}

process.on('uncaughtException', (error) => say({ event: 'trouble', message: String(error) }));
main();
