/// Reading and writing all of some bytes: calls that were interrupted, or that moved a part only
/// (Linux moves at most 2 GiB in one), are made again.
#pragma once

#include <cstdint>

namespace ashlar {

/// False with errno set, or with errno 0 when the file ends before `bytes`.
bool readAt(int file, void *to, uint64_t bytes, uint64_t offset);

/// False with errno set.
bool writeAll(int file, const void *from, uint64_t bytes);
bool writeAt(int file, const void *from, uint64_t bytes, uint64_t offset);

} // namespace ashlar
