"""Today's API, v2 (api-v2): ``/api/v2/`` on api.gencove.com, one module for each topic."""
