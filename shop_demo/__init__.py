"""A demo shop around ecom_llm: a catalogue, a basket, a checkout, and texts that appear while you watch."""

from shop_demo.celery import app as celery_app

__all__ = ["celery_app"]
