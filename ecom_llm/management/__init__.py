"""Commands of `manage.py`; thin, with the work done by the stages."""
