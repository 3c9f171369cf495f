"""FASTQ files: names, read pairs, integrity, sample sheets, run-folder markers. No network, no database."""
