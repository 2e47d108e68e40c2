"""What auditors take away: a room for each kind of file, and the formats. Nothing here knows HTTP or who may export."""
