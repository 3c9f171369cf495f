"""Which deliverables there are, what they are called and what is in them (api-v2 §8, §9; api-v1 §4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gencove_tui.sandbox import content
from gencove_tui.sandbox.content import Content


@dataclass(frozen=True)
class Kind:
    """A kind of deliverable."""

    key: str
    ending: str
    """Added to the owner's id to make the default file name."""
    make: Callable[[str], Content]
    v1_field: str = ""
    """The field of a v1 raw-data row; empty when v1 doesn't have it."""


def _vcf(identity: str) -> Content:
    return content.vcf(identity)


_KINDS = (
    Kind("alignment-bai", ".bam.bai", lambda i: content.index(i, "bai"), "bai_url_s3"),
    Kind("alignment-bam", ".bam", lambda i: content.bam(i, 12), "bam_url_s3"),
    Kind("alignment-csi", ".bam.csi", lambda i: content.index(i, "csi")),
    Kind("ancestry-json", "_ancestry.json", lambda i: content.document(i, "ancestry"), "ancestry_url_s3"),
    Kind("fastq-r1", "_R1.fastq.gz", lambda i: content.fastq(i, "1"), "fastq_nongrch37_url_s3"),
    Kind("fastq-r2", "_R2.fastq.gz", lambda i: content.fastq(i, "2")),
    Kind("impute-csi", ".vcf.gz.csi", lambda i: content.index(i, "csi"), "csi_url_s3"),
    Kind("impute-csv_format_a", "_format_a.csv", lambda i: content.table(i, "format_a")),
    Kind("impute-tbi", ".vcf.gz.tbi", lambda i: content.index(i, "tbi"), "tbi_url_s3"),
    Kind("impute-vcf", ".vcf.gz", _vcf, "vcf_url_s3"),
    Kind("kraken-report", "_kraken.csv", lambda i: content.table(i, "kraken"), "microbiome_url_s3"),
    Kind("sex-json", "_sex.json", lambda i: content.document(i, "sex")),
    Kind("traits-json", "_traits.json", lambda i: content.document(i, "traits"), "traits_url_s3"),
    Kind("impute-vcf-merged", "_merged.vcf.bgz", _vcf),
    Kind("jointcalled-vcf", "_jointcalled.vcf.gz", _vcf),
    Kind("jointcalled-vcf_indexed", "_jointcalled.vcf.gz.tbi", lambda i: content.index(i, "tbi")),
    Kind("report-zip", "_report.zip", lambda i: content.table(i, "report")),
    Kind("sample_manifest-csv", "_manifest.csv", lambda i: content.table(i, "manifest")),
    Kind("genome-dict", "_genome.dict", lambda i: content.table(i, "dict")),
    Kind("genome-fasta", "_genome-fasta.fasta.gz", lambda i: content.fastq(i, "1")),
    Kind("genome-fasta_fai", "_genome-fasta_fai.fasta.gz.fai", lambda i: content.table(i, "fai")),
)
KINDS = {kind.key: kind for kind in _KINDS}

HUMAN = (
    "alignment-bai", "alignment-bam", "ancestry-json", "fastq-r1", "fastq-r2", "impute-csi", "impute-tbi",
    "impute-vcf", "sex-json", "traits-json",
)  # fmt: skip
OTHER_SPECIES = (
    "alignment-bai", "alignment-bam", "fastq-r1", "fastq-r2", "impute-csv_format_a", "impute-tbi",
    "impute-vcf", "kraken-report",
)  # fmt: skip
AFTER_FAILED_QC = ("fastq-r1", "fastq-r2")
"""What remains of a sample that failed quality control, as recorded traffic has it."""
GENOME = ("genome-dict", "genome-fasta", "genome-fasta_fai")
PSEUDO = ("qc", "metadata")
"""Listed as file types, served by their own endpoints (api-v2 §8)."""

_NOT_OF_SAMPLES = ("genome-", "jointcalled", "report-", "sample_manifest", "impute-vcf-merged")
_NEVER_MADE = (
    "call_capture-csi", "call_capture-vcf", "call_capture_v2-vcf", "cnv-cnr", "cnv-cns", "cnv-pdf", "cnv-png",
    "impute-subset_csi", "impute-subset_tbi", "impute-subset_vcf", "loh-bed", "wgs-aligned", "wgs-called",
    "wgs-filtered_called", "wgs-gvcf", "wgs-indexed",
)  # fmt: skip
SAMPLE_KEYS = tuple(sorted(key for key in (*KINDS, *_NEVER_MADE) if not key.startswith(_NOT_OF_SAMPLES)))
"""Every type that a sample can have, sorted; more of them than the sandbox ever makes."""
