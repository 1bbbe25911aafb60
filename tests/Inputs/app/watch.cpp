// Watches a program from within (LD_PRELOAD), to say at its end what it took of the machine:
//
//   watched allocations=N between=N writes=N peak=N
//
// allocations: calls that ask for memory, in the whole run. between: those after the first write to
// standard output and before the last one began. peak: the most bytes of memory that were resident.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {
std::atomic<unsigned long> allocations{0};
unsigned long writes = 0, atFirst = 0, atLast = 0;

template <class Function> Function next(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

[[gnu::destructor]] void report() {
  char text[8192];
  unsigned long long peak = 0;
  int status = open("/proc/self/status", O_RDONLY);
  ssize_t length = read(status, text, sizeof(text) - 1);
  if (length > 0) {
    text[length] = 0;
    if (const char *line = std::strstr(text, "VmHWM:"))
      peak = std::strtoull(line + 6, nullptr, 10) * 1024;
  }
  int size = std::snprintf(text, sizeof(text),
                           "watched allocations=%lu between=%lu writes=%lu peak=%llu\n",
                           allocations.load(), atLast - atFirst, writes, peak);
  if (write(STDERR_FILENO, text, size_t(size)) != size)
    std::abort();
}
} // namespace

// The C library's own functions under their other names: dlsym may itself allocate.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): they are its names
extern "C" {
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

void *malloc(size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  ++allocations;
  return __libc_calloc(count, bytes);
}
void *realloc(void *old, size_t bytes) {
  ++allocations;
  return __libc_realloc(old, bytes);
}
void *memalign(size_t alignment, size_t bytes) {
  ++allocations;
  return __libc_memalign(alignment, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void **result, size_t alignment, size_t bytes) {
  *result = memalign(alignment, bytes);
  return *result ? 0 : 12;
}
void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t offset) {
  static auto real = next<decltype(&mmap)>("mmap");
  ++allocations;
  return real(at, bytes, protection, flags, file, offset);
}
ssize_t write(int file, const void *bytes, size_t count) {
  static auto real = next<decltype(&write)>("write");
  if (file != STDOUT_FILENO)
    return real(file, bytes, count);
  atLast = allocations;
  ssize_t result = real(file, bytes, count);
  if (writes++ == 0)
    atFirst = atLast = allocations;
  return result;
}
}
