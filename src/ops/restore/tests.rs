//! Copies opened and unpacked: what is whole comes out as it was, what is not breaks off, and no path leaves its folder.
