#include "runtime/FileBytes.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ashlar {

static constexpr uint64_t MostOfOneCall = uint64_t(1) << 30;

/// Calls move(done, part) until all bytes have moved. It returns what the system call returned.
template <class Move> static bool moveAll(uint64_t bytes, Move move) {
  for (uint64_t done = 0; done < bytes;) {
    ssize_t moved = move(done, std::min(bytes - done, MostOfOneCall));
    if (moved < 0 && errno == EINTR)
      continue;
    if (moved <= 0) {
      errno = moved == 0 ? 0 : errno;
      return false;
    }
    done += uint64_t(moved);
  }
  return true;
}

bool readAt(int file, void *to, uint64_t bytes, uint64_t offset) {
  return moveAll(bytes, [&](uint64_t done, uint64_t part) {
    return pread(file, static_cast<char *>(to) + done, part, off_t(offset + done));
  });
}

bool writeAll(int file, const void *from, uint64_t bytes) {
  return moveAll(bytes, [&](uint64_t done, uint64_t part) {
    return write(file, static_cast<const char *>(from) + done, part);
  });
}

bool writeAt(int file, const void *from, uint64_t bytes, uint64_t offset) {
  return moveAll(bytes, [&](uint64_t done, uint64_t part) {
    return pwrite(file, static_cast<const char *>(from) + done, part, off_t(offset + done));
  });
}

} // namespace ashlar
