"""``python -m gencove_tui``."""

from gencove_tui.cli import main

if __name__ == "__main__":
    main()
