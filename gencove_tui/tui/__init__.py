"""The screen: panes, dialogs, keys. It talks to ``engine.views.Desk`` and to nothing else below."""
