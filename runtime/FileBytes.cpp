#include "runtime/FileBytes.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ashlar {

static constexpr uint64_t MostOfOneCall = uint64_t(1) << 30;

/// Makes a system call until it has moved bytes, has failed, or is at the end.
template <class Call> static ssize_t made(int file, short event, Call call) {
  for (;;) {
    ssize_t moved = call();
    if (moved >= 0 || (errno != EINTR && errno != EAGAIN))
      return moved;
    pollfd ready{file, event, 0};
    if (errno == EAGAIN && poll(&ready, 1, -1) < 0 && errno != EINTR)
      return -1;
  }
}

/// Calls move(done, part) until all bytes have moved. It returns what the system call returned.
template <class Move> static bool moveAll(int file, short event, uint64_t bytes, Move move) {
  for (uint64_t done = 0; done < bytes;) {
    uint64_t part = std::min(bytes - done, MostOfOneCall);
    ssize_t moved = made(file, event, [&] { return move(done, part); });
    if (moved <= 0) {
      errno = moved == 0 ? 0 : errno;
      return false;
    }
    done += uint64_t(moved);
  }
  return true;
}

int64_t readSome(int file, void *to, uint64_t bytes) {
  return made(file, POLLIN, [&] { return read(file, to, std::min(bytes, MostOfOneCall)); });
}

bool readAt(int file, void *to, uint64_t bytes, uint64_t offset) {
  return moveAll(file, POLLIN, bytes, [&](uint64_t done, uint64_t part) {
    return pread(file, static_cast<char *>(to) + done, part, off_t(offset + done));
  });
}

bool writeAll(int file, const void *from, uint64_t bytes) {
  return moveAll(file, POLLOUT, bytes, [&](uint64_t done, uint64_t part) {
    return write(file, static_cast<const char *>(from) + done, part);
  });
}

bool writeAt(int file, const void *from, uint64_t bytes, uint64_t offset) {
  return moveAll(file, POLLOUT, bytes, [&](uint64_t done, uint64_t part) {
    return pwrite(file, static_cast<const char *>(from) + done, part, off_t(offset + done));
  });
}

bool isSameFile(int file, const std::string &path) {
  struct stat mine, theirs;
  return fstat(file, &mine) == 0 && stat(path.c_str(), &theirs) == 0 &&
         mine.st_dev == theirs.st_dev && mine.st_ino == theirs.st_ino;
}

} // namespace ashlar
