"""v2 end to end: everything that changes something."""

import pytest

from gencove_tui.api.errors import ApiProblem, Kind, PartlyDone
from gencove_tui.api.v2 import sample_actions
from gencove_tui.api.v2.projects import merged_vcf
from gencove_tui.api.v2.sample_actions import ExistingSample
from gencove_tui.model import GncvPath, ProjectQuery, SampleQuery

from .conftest import project_id, until

NOBODY = "11111111-1111-1111-1111-111111111111"


async def client_ids(v2, project, **query):
    page = await v2.samples(project, SampleQuery(sort_by="client_id", **query))
    return [sample.client_id for sample in page.items]


class TestProjects:
    async def test_its_life(self, v2):
        capability = next(iter(await v2.pipelines.capabilities()))
        made = await v2.project_actions.create("A study", capability, description="Why")
        assert (made.name, made.description, made.pipeline_capability) == ("A study", "Why", capability)
        edited = await v2.project_actions.edit(
            made.id, name="Ein Studiö", modifications=[{"key": "soft_qc", "value": True}]
        )
        assert (edited.name, edited.description) == ("Ein Studiö", "Why")
        assert edited.extra["project_modifications"] == [{"key": "soft_qc", "value": True}]
        await v2.project_actions.hide([made.id])
        assert (await v2.project(made.id)).hidden
        await v2.project_actions.unhide([made.id])
        assert made.id in {p.id for p in (await v2.projects()).items}
        await v2.project_actions.delete([made.id])
        assert made.id not in {p.id for p in (await v2.projects(ProjectQuery(hidden_status="all"))).items}

    async def test_a_wrong_capability_is_explained(self, v2):
        with pytest.raises(ApiProblem) as caught:
            await v2.project_actions.create("A study", NOBODY)
        assert caught.value.kind is Kind.INVALID
        assert "pipeline_capabilities" in caught.value.why

    async def test_nothing_chosen_is_never_sent(self, v2, sandbox):
        before = len(list(sandbox.requests))
        actions, samples = v2.project_actions, v2.sample_actions
        for act in (
            lambda: actions.hide([]),
            lambda: actions.unhide([]),
            lambda: actions.delete([]),
            lambda: actions.edit(NOBODY),
            lambda: samples.cancel(NOBODY, []),
            lambda: samples.hide(NOBODY, []),
            lambda: samples.delete(NOBODY, []),
            lambda: samples.restore(NOBODY, []),
            lambda: samples.import_existing(NOBODY, []),
            lambda: samples.copy_existing(NOBODY, []),
            lambda: v2.delete_uploads([]),
            lambda: v2.sheet.assign(NOBODY, []),
            lambda: v2.people.share(NOBODY, []),
            lambda: v2.people.leave([]),
            lambda: v2.imports.from_basespace(NOBODY, []),
            lambda: v2.imports.biosamples_from_basespace(NOBODY, {}),
        ):
            with pytest.raises(ApiProblem) as caught:
                await act()
            assert caught.value.kind is Kind.INVALID
            assert caught.value.remedy
        assert len(list(sandbox.requests)) == before


class TestSamples:
    async def test_hiding_and_bringing_back(self, v2):
        trio = await project_id(v2, "Trio")
        sample = (await v2.samples(trio, SampleQuery(search="NA12891"))).items[0]
        await v2.sample_actions.hide(trio, [sample.id])
        assert "NA12891" not in await client_ids(v2, trio)
        assert await client_ids(v2, trio, hidden_status="hidden") == ["NA12891"]
        await v2.sample_actions.unhide(trio, [sample.id])
        assert "NA12891" in await client_ids(v2, trio)

    async def test_deleting_needs_the_organizations_leave(self, v2, sandbox):
        trio = await project_id(v2, "Trio")
        sample = (await v2.samples(trio, SampleQuery(search="NA12891"))).items[0]
        with sandbox.state.lock:
            sandbox.state.delete_samples_enabled = False
        with pytest.raises(ApiProblem) as caught:
            await v2.sample_actions.delete(trio, [sample.id])
        assert caught.value.kind is Kind.FORBIDDEN
        with sandbox.state.lock:
            sandbox.state.delete_samples_enabled = True
        await v2.sample_actions.delete(trio, [sample.id])
        assert "NA12891" not in await client_ids(v2, trio, hidden_status="all")

    async def test_samples_of_another_project_are_refused(self, v2):
        trio, cohort = await project_id(v2, "Trio"), await project_id(v2, "Cardio")
        stranger = (await v2.samples(cohort)).items[0]
        with pytest.raises(ApiProblem, match="part of the current project"):
            await v2.sample_actions.hide(trio, [stranger.id])

    async def test_cancelling_goes_in_twenties(self, v2, sandbox):
        empty = await project_id(v2, "New study")
        with sandbox.state.lock:
            project = sandbox.state.projects[empty]
            ids = [sandbox.state.start_sample(project, f"S{number}").id for number in range(45)]
        said = await v2.sample_actions.cancel(empty, ids)
        assert [text.split()[0] for text in said] == ["20", "20", "5"]
        assert {s.status for s in (await v2.samples(empty)).items} == {"failed"}

    async def test_what_was_cancelled_before_a_failure_is_told(self, v2, sandbox):
        empty = await project_id(v2, "New study")
        with sandbox.state.lock:
            project = sandbox.state.projects[empty]
            ids = [sandbox.state.start_sample(project, f"S{number}").id for number in range(25)]
        with pytest.raises(PartlyDone) as caught:
            await v2.sample_actions.cancel(empty, [*ids, NOBODY])
        assert caught.value.done == tuple(ids[:20])
        assert "20 were done" in caught.value.why
        assert caught.value.kind is Kind.INVALID

    async def test_restoring_from_the_archive(self, v2):
        archive = await project_id(v2, "Biobank")
        archived = (await v2.samples(archive, SampleQuery(archive_status="archived"))).items
        group = await v2.sample_actions.restore(archive, [archived[0].id])
        assert group.created is not None
        progress = await v2.sample_actions.restoring(group.id)
        assert [sample.id for sample in progress.items] == [archived[0].id]

        async def restored():
            (sample,) = (await v2.sample_actions.restoring(group.id)).items
            return sample.archive_status == "restored"

        await until(restored, "the sample is restored")
        assert all(d.url for d in (await v2.sample(archive, archived[0].id)).deliverables)
        rest = await v2.sample_actions.restore_all(archive)
        assert len((await v2.sample_actions.restoring(rest.id)).items) == len(archived) - 1

    async def test_taking_samples_over(self, v2, monkeypatch):
        monkeypatch.setattr(sample_actions, "TAKEN_OVER_AT_ONCE", 8)
        cohort, study = await project_id(v2, "Cardio"), await project_id(v2, "New study")
        eligible = await v2.sample_actions.eligible(cohort)
        assert len(eligible) == 22
        assert {s.status for s in eligible} == {"succeeded", "failed qc"}
        chosen = [ExistingSample(sample_id=s.id) for s in eligible[:-1]]
        chosen.append(ExistingSample(sample_id=eligible[-1].id, client_id="renamed"))
        await v2.sample_actions.import_existing(study, chosen, metadata={"from": "cohort"})
        taken = (await v2.samples(study)).items
        assert len(taken) == 22
        assert "renamed" in {s.client_id for s in taken}
        assert await v2.sample_facts.metadata(taken[0].id) == {"from": "cohort"}
        await v2.sample_actions.copy_existing(study, chosen[:3])
        assert (await v2.samples(study)).total == 25

    async def test_the_reason_of_a_refused_copy_is_told(self, v2):
        trio, study = await project_id(v2, "Trio"), await project_id(v2, "New study")
        running = (await v2.samples(trio, SampleQuery(search="HG004"))).items[0]
        with pytest.raises(ApiProblem, match="available for at least 24 hours"):
            await v2.sample_actions.copy_existing(study, [ExistingSample(sample_id=running.id)])


class TestUploads:
    async def test_records(self, v2):
        path = GncvPath("gncv://new/x_R1.fastq.gz")
        target = await v2.begin_upload(path)
        again = await v2.begin_upload(path)
        assert target == again
        record = await v2.upload_records.one(target.upload_id)
        assert (record.path, record.status, record.size) == (path, "started", None)
        assert (await v2.upload(target)) == record
        started = await v2.upload_records.listing(status="started")
        assert target.upload_id in {u.id for u in started.items}
        found = await v2.upload_records.listing(search=target.upload_id)
        assert [u.id for u in found.items] == [target.upload_id]
        assert await v2.upload(target.__class__(path=path, bucket="", key="", upload_id=NOBODY)) is None

    async def test_gencove_can_fetch_a_url(self, v2):
        path = GncvPath("gncv://web/y_R1.fastq.gz")
        upload = await v2.upload_records.from_url(path, "https://example.org/y.fastq.gz?token=secret")
        assert (upload.path, upload.status) == (path, "succeeded")
        assert "secret" not in repr(upload)
        (row,) = (await v2.sheet.rows(GncvPath("gncv://web/"))).items
        assert row.r1.source_url == "https://example.org/y.fastq.gz"

    async def test_a_form_for_browsers(self, v2):
        form = await v2.upload_records.browser_form(GncvPath("gncv://web/z_R1.fastq.gz"))
        assert set(form.fields) == {"key", "AWSAccessKeyId", "policy", "signature"}
        assert form.fields["signature"] not in repr(form)

    async def test_only_what_is_unassigned_is_deleted_and_its_path_is_gone(self, v2):
        area = {u.path: u for u in (await v2.uploads()).items}
        lone = area[GncvPath("gncv://run-2026-11/lone_S9_L001_R1_001.fastq.gz")]
        taken = area[GncvPath("gncv://trio/NA12878_S1_L001_R1_001.fastq.gz")]
        assert await v2.delete_uploads([lone, taken]) == (lone,)
        assert lone.path not in {u.path for u in (await v2.uploads()).items}
        with pytest.raises(ApiProblem, match="choose a different destination"):
            await v2.begin_upload(lone.path)


class TestBatches:
    async def test_a_batch_runs_to_its_report(self, v2):
        herd = await project_id(v2, "Herd")
        types = await v2.batches.types(herd)
        assert types[0].key == "illuminasnp50"
        made = await v2.batches.create(herd, "Spring", types[0].key)
        assert [b.status.status for b in made] == ["queued", "queued"]  # thirteen samples, ten at a time

        async def succeeded():
            return (await v2.batches.one(made[0].id)).status.status == "succeeded"

        await until(succeeded, "the batch is done")
        batch = await v2.batches.one(made[0].id)
        assert len(batch.sample_ids) == 10
        assert batch.deliverables[0].file_type == "report-zip"
        listed = await v2.batches.listing(herd)
        assert {b.id for b in listed.items} == {b.id for b in made}
        assert listed.items[0].sample_ids is None
        chosen = batch.sample_ids[:2]
        (one,) = await v2.batches.create(herd, "Two", types[0].key, chosen)
        assert (await v2.batches.one(one.id)).sample_ids == chosen

    async def test_a_wrong_kind_is_explained(self, v2):
        with pytest.raises(ApiProblem, match="not a valid choice"):
            await v2.batches.create(await project_id(v2, "Herd"), "x", "nonsense")

    async def test_merging_vcfs(self, v2):
        trio = await project_id(v2, "Trio")
        assert await v2.batches.merge(trio) is None
        started = await v2.batches.start_merge(trio)
        assert started.status.status == "running"
        assert started.up_to_date is False
        with pytest.raises(ApiProblem, match="already a running job"):
            await v2.batches.start_merge(trio)

        async def merged():
            return (await v2.batches.merge(trio)).status.status == "success"

        await until(merged, "the merge is done")
        assert merged_vcf(await v2.project(trio)).url
        with pytest.raises(ApiProblem, match="does not support merging"):
            await v2.batches.start_merge(await project_id(v2, "Dog kits"))


class TestManifests:
    async def test_a_manifest_goes_there_and_back(self, v2):
        trio = await project_id(v2, "Trio")
        template = await v2.manifests.csv_template("tube")
        assert template.startswith(b"Plate ID,Well,")
        assert await v2.manifests.csv_template() != template
        assert (await v2.manifests.workbook_template()).startswith(b"PK")
        assert await v2.manifests.listing(trio) == ()
        await v2.manifests.add(trio, "plate 1.csv", template)
        (manifest,) = await v2.manifests.listing(trio)
        assert (manifest.file_name, manifest.project_id) == ("plate 1.csv", trio)
        assert manifest.file.size == len(template)
        assert (await v2.manifests.one(manifest.id)).id == manifest.id

    async def test_what_can_not_be_one_is_refused(self, v2):
        trio = await project_id(v2, "Trio")
        with pytest.raises(ApiProblem, match=r"\.csv or \.xlsx"):
            await v2.manifests.add(trio, "plate.pdf", b"")
        with pytest.raises(ApiProblem, match="does not match the template"):
            await v2.manifests.add(trio, "plate.csv", b"a,b\n")
        with pytest.raises(ApiProblem, match="do not have privileges"):
            await v2.manifests.add(NOBODY, "plate.csv", b"a,b\n")


class TestImports:
    async def test_from_s3(self, v2):
        study = await project_id(v2, "New study")
        await v2.imports.from_s3(study, "s3://bucket/run_7/", metadata=[1], input_format="fastq")
        assert await client_ids(v2, study) == ["run-7-1", "run-7-2"]
        order = await v2.imports.autoimport_from_s3(study, "s3://bucket/in/", metadata={"a": 1})
        assert order.topic_arn.startswith("arn:aws:sns:")
        changed = await v2.imports.autoimport_from_s3(study, "s3://bucket/in/", metadata={"a": 2})
        assert changed.id == order.id
        (listed,) = await v2.imports.s3_autoimports()
        assert (listed.source, listed.metadata, listed.project_id) == ("s3://bucket/in/", {"a": 2}, study)
        await v2.imports.end_s3_autoimport(order.id)
        assert await v2.imports.s3_autoimports() == ()

    async def test_the_way_into_a_bucket(self, v2):
        assert await v2.imports.s3_role() == ""
        role = "arn:aws:iam::123456789012:role/gencove"
        assert await v2.imports.set_s3_role(role) == role
        assert await v2.imports.s3_role() == role
        await v2.imports.forget_s3_role()
        assert await v2.imports.s3_role() == ""
        assert await v2.imports.s3_external_id() == ""
        made = await v2.imports.new_s3_external_id()
        assert await v2.imports.s3_external_id() == made

    async def test_from_basespace(self, v2):
        study = await project_id(v2, "New study")
        projects = {p.name: p.id for p in (await v2.imports.basespace_projects()).items}
        run = projects["NovaSeq run 12"]
        specimens = (await v2.imports.biosamples(run)).items
        assert [s.name for s in specimens] == ["BS-A1", "BS-A2", "BS-A3"]
        await v2.imports.from_basespace(study, [projects["NextSeq pilot"]])
        await v2.imports.biosamples_from_basespace(study, {specimens[0].id: "mine"}, metadata={"x": 1})
        assert await client_ids(v2, study) == ["BS-P1", "mine"]
        order = await v2.imports.autoimport_from_basespace(study, "NovaSeq")
        (listed,) = await v2.imports.basespace_autoimports()
        assert (listed.id, listed.source) == (order.id, "NovaSeq")
        await v2.imports.end_basespace_autoimport(order.id)
        assert await v2.imports.basespace_autoimports() == ()


class TestPeople:
    async def test_users_and_roles(self, v2):
        (user,) = (await v2.people.users("lab")).items
        assert (user.email, user.role, user.active) == ("lab@example.org", "owner", True)
        assert (await v2.people.users("nobody")).items == ()
        assert (await v2.people.project_users(await project_id(v2, "Trio"))).items[0].id == user.id
        assert [role.name for role in await v2.people.roles()] == ["owner", "analyst", "viewer"]
        assert (await v2.people.projects_of(user.id, ProjectQuery(search="trio"))).total == 1
        assert (await v2.people.rename("Lab Two")).name == "Lab Two"
        assert (await v2.people.rename_organization("Org Two")).name == "Org Two"
        assert await v2.people.set_settings({"theme": "dark"}) == await v2.people.settings()

    async def test_sharing(self, v2):
        trio, herd = await project_id(v2, "Trio"), await project_id(v2, "Herd")
        share = await v2.people.share(trio, ["a@example.org"], "analyst")
        assert (share.shared_with, share.level, share.status.status) == ("a@example.org", "analyst", "shared")
        await v2.people.revoke_share(share.id)
        assert (await v2.people.shares()).items[0].status.status == "revoked"
        await v2.people.leave([herd])
        assert not (await v2.project(herd)).shared

    async def test_keys(self, v2, sandbox):
        made = await v2.people.new_key("robot", expiry_date="2030-01-01")
        assert made.key not in repr(made)
        assert made.record.expiry_date == "2030-01-01"
        assert made.key.startswith(made.record.prefix)
        assert made.record.id in {key.id for key in await v2.people.keys()}
        assert (await v2.people.revoke_key(made.record.id)).revoked

    async def test_a_second_factor(self, v2, sandbox):
        from gencove_tui.sandbox.tokens import one_time_code

        assert await v2.people.has_second_factor() is False
        begun = await v2.people.begin_second_factor()
        assert begun.config_url.startswith("otpauth://")
        assert begun.secret not in repr(begun)
        codes = await v2.people.confirm_second_factor(one_time_code(begun.secret, sandbox.clock.now()))
        assert len(codes) == 10
        assert await v2.people.has_second_factor() is True
        await v2.people.end_second_factor()
        assert await v2.people.has_second_factor() is False
