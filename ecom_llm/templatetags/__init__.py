"""`{% load ecom_llm %}`: the tags a shop puts into its templates."""
