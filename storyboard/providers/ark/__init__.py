"""Volcengine Ark, which serves Seedance."""
