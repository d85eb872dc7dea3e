"""Faxes: documents and pages, one fax on one call, what became of it."""
