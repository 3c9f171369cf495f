"""The parts of the screen, one file each, with their styles beside them."""
