/// Reading and writing all of some bytes: calls that were interrupted, that moved a part only
/// (Linux moves at most 2 GiB in one), or whose pipe or terminal does not wait of its own, are made
/// again.
#pragma once

#include <cstdint>
#include <string>

namespace ashlar {

/// Reads what there is, up to so many bytes: 0 at the end, -1 with errno set.
int64_t readSome(int file, void *to, uint64_t bytes);

/// False with errno set, or with errno 0 when the file ends before `bytes`.
bool readAt(int file, void *to, uint64_t bytes, uint64_t offset);

/// False with errno set.
bool writeAll(int file, const void *from, uint64_t bytes);
bool writeAt(int file, const void *from, uint64_t bytes, uint64_t offset);

/// Whether a path names the file that is open.
bool isSameFile(int file, const std::string &path);

} // namespace ashlar
