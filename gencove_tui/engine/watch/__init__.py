"""Watch rules at work: from files that appear in a folder to uploads in the queue."""

from gencove_tui.engine.watch.dry_run import DryFile, DryRun, dry_run, recall
from gencove_tui.engine.watch.gates import wanted
from gencove_tui.engine.watch.look import check_folder, scan_folder
from gencove_tui.engine.watch.watchers import Watchers

__all__ = ["DryFile", "DryRun", "Watchers", "check_folder", "dry_run", "recall", "scan_folder", "wanted"]
