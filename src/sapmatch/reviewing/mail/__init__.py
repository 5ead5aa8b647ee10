"""The mails: about a document, about a run, about many exceptions at once."""
