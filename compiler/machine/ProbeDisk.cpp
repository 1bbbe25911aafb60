#include "compiler/machine/ProbeDisk.h"
#include "compiler/machine/Timing.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ashlar {
namespace {

constexpr uint64_t Block = 4 << 20;  // as apps read
constexpr uint64_t Sector = 4096;    // alignment that every disk accepts
constexpr double WritingLimit = 1.0; // seconds

class File {
public:
  explicit File(int fd) : fd(fd) {}
  File(const File &) = delete;
  ~File() {
    if (fd >= 0)
      close(fd);
  }
  explicit operator bool() const { return fd >= 0; }
  const int fd;
};

/// A buffer on whole pages, as direct reads want it.
class Buffer {
public:
  Buffer()
      : bytes(mmap(nullptr, Block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  Buffer(const Buffer &) = delete;
  ~Buffer() {
    if (*this)
      munmap(bytes, Block);
  }
  explicit operator bool() const { return bytes != MAP_FAILED; }
  void *const bytes;
};

int openNameless(const std::string &directory) {
  int fd = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    return fd;
  std::string name = directory + "/.ashlar-probe-XXXXXX"; // not every file system has O_TMPFILE
  fd = mkostemp(name.data(), O_CLOEXEC);
  int error = errno;
  if (fd >= 0)
    unlink(name.c_str());
  errno = error;
  return fd;
}

/// Bytes that neither compression nor deduplication can shorten.
void scramble(void *bytes, uint64_t &state) {
  auto *words = static_cast<uint64_t *>(bytes);
  for (uint64_t i = 0; i < Block / 8; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    words[i] = state;
  }
}

/// Whole blocks, fewer than asked for when the disk is slow.
uint64_t fill(const File &file, const Buffer &buffer, uint64_t size) {
  uint64_t written = 0, state = 0x9e3779b97f4a7c15;
  double start = seconds();
  while (written < size && (written < 2 * Block || seconds() - start < WritingLimit)) {
    scramble(buffer.bytes, state);
    if (pwrite(file.fd, buffer.bytes, Block, static_cast<off_t>(written)) != ssize_t(Block))
      break;
    // Block by block, so that the limit sees the disk and not the page cache.
    if (fdatasync(file.fd) != 0)
      break;
    written += Block;
  }
  return written;
}

} // namespace

std::optional<Disk> probeDisk(const std::string &directory, Bytes fileSize, Diagnostics &diags) {
  auto failed = [&](const char *what) {
    diags.warning(directory,
                  llvm::Twine("the disk is not measured: ") + what + ": " + std::strerror(errno));
    return std::nullopt;
  };
  File file(openNameless(directory));
  if (!file)
    return failed("no file can be made here");
  Buffer buffer;
  if (!buffer)
    return failed("no memory");
  uint64_t size = fill(file, buffer, fileSize.value);
  if (size == 0)
    return failed("no file can be written here");

  // Where direct reads are refused, pages are dropped from the cache first.
  std::string path = "/proc/self/fd/" + std::to_string(file.fd);
  File direct(open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
  bool isDirect = direct && pread(direct.fd, buffer.bytes, Sector, 0) == ssize_t(Sector);
  const File &source = isDirect ? direct : file;
  auto read = [&](uint64_t offset, uint64_t bytes) {
    return pread(source.fd, buffer.bytes, bytes, static_cast<off_t>(offset)) == ssize_t(bytes);
  };

  bool good = true;
  auto forget = [&] {
    if (!isDirect)
      posix_fadvise(file.fd, 0, 0, POSIX_FADV_DONTNEED);
  };
  double sequential = fastestSeconds(3, 1.0, [&] {
    forget();
    for (uint64_t offset = 0; offset < size; offset += Block)
      good &= read(offset, Block);
  });
  uint64_t turn = 0;
  double single = fastestSeconds(15, 0.3, [&] {
    forget();
    good &= read(turn++ * 7919 % (size / Sector) * Sector, Sector);
  });
  if (!good)
    return failed("reading failed");
  // The reads one after another each pay the latency, as those of apps do when they are alone.
  Disk disk;
  disk.name = "disk";
  disk.path = directory;
  disk.latency = nanos(single);
  uint64_t reads = size / Block;
  double transfer = sequential - single * static_cast<double>(reads);
  disk.bytes =
      measured(static_cast<double>(size), transfer > sequential / 2 ? transfer : sequential);
  return disk;
}

} // namespace ashlar
