"""Pages for whole tasks, under /admin/desk/, and the first page of the admin."""
