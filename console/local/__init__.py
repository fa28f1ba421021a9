"""Starting, stopping and showing the parts of skyground on one machine, with supervisord underneath."""
