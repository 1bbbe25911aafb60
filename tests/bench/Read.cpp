// The plain reads that ./dev bench compares with: what reading the same bytes takes the same number
// of threads. No run is bound by them: who asks for memory long before it is needed may read faster
// than a loop that just comes to it.
//
//     bench-read THREADS BYTES   keeps BYTES in huge pages; for each line "COUNT" on standard input
//                                reads the first COUNT of them once and prints the nanoseconds
//     bench-read THREADS FILE    reads FILE once into fresh memory, as whoever loads it must do
#include "tests/bench/PlainRead.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

// Registers that every processor has, and such as most have.
typedef uint64_t Register __attribute__((vector_size(16)));
typedef uint64_t WideRegister __attribute__((vector_size(32)));
constexpr uint64_t HugePage = uint64_t(1) << 21;
constexpr uint64_t Piece = uint64_t(1) << 22; // of a file

[[noreturn]] void fail(const char *what) {
  std::perror(what);
  std::exit(4);
}

std::byte *hugePages(uint64_t bytes) {
  void *mapped = mmap(nullptr, bytes + HugePage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    fail("bench-read: memory");
  uint64_t begin = (reinterpret_cast<uint64_t>(mapped) + HugePage - 1) / HugePage * HugePage;
  madvise(reinterpret_cast<void *>(begin), bytes, MADV_HUGEPAGE);
  return reinterpret_cast<std::byte *>(begin);
}

using ReadPart = uint64_t (*)(const std::byte *from, uint64_t bytes, unsigned thread,
                              unsigned threads);

uint64_t readPart(const std::byte *from, uint64_t bytes, unsigned thread, unsigned threads) {
  return bench::plainRead<Register>(from, bytes, thread, threads);
}

[[gnu::target("avx2")]] uint64_t readPartWide(const std::byte *from, uint64_t bytes,
                                              unsigned thread, unsigned threads) {
  return bench::plainRead<WideRegister>(from, bytes, thread, threads);
}

/// Runs `body(thread)` on as many threads, the caller among them.
template <class Body> void sideBySide(unsigned threads, Body body) {
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; ++thread)
    others.emplace_back(body, thread);
  body(0u);
  for (std::thread &other : others)
    other.join();
}

/// What one read takes, from when all threads are there to when the last one is done.
uint64_t timedRead(const std::byte *memory, uint64_t bytes, unsigned threads) {
  using Clock = std::chrono::steady_clock;
  std::atomic<unsigned> arrived = 0;
  std::atomic<uint64_t> sink = 0;
  ReadPart read = __builtin_cpu_supports("avx2") ? readPartWide : readPart;
  Clock::time_point start;
  sideBySide(threads, [&](unsigned thread) {
    ++arrived;
    while (arrived < threads)
      ;
    if (thread == 0)
      start = Clock::now();
    sink += read(memory, bytes, thread, threads);
  });
  return uint64_t(std::chrono::nanoseconds(Clock::now() - start).count());
}

int answerReads(unsigned threads, uint64_t bytes) {
  std::byte *memory = hugePages(bytes);
  sideBySide(threads, [&](unsigned thread) {
    uint64_t begin = bytes * thread / threads, end = bytes * (thread + 1) / threads;
    std::fill(memory + begin, memory + end, std::byte(1)); // zeros may all be one page
  });
  unsigned long long count;
  while (std::scanf("%llu", &count) == 1) {
    std::printf("%llu\n",
                (unsigned long long)timedRead(memory, std::min<uint64_t>(count, bytes), threads));
    std::fflush(stdout);
  }
  return 0;
}

int readFile(unsigned threads, const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0)
    fail(path);
  uint64_t bytes = uint64_t(status.st_size);
  std::byte *memory = hugePages(bytes);
  std::atomic<uint64_t> next = 0;
  sideBySide(threads, [&](unsigned) {
    for (uint64_t at; (at = next.fetch_add(Piece)) < bytes;)
      for (uint64_t end = std::min(at + Piece, bytes); at < end;) {
        ssize_t count = pread(file, memory + at, end - at, off_t(at));
        if (count <= 0)
          fail(path);
        at += uint64_t(count);
      }
  });
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  unsigned long threads = argc == 3 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (threads == 0) {
    std::fprintf(stderr, "usage: bench-read THREADS BYTES|FILE\n");
    return 1;
  }
  char *end;
  unsigned long long bytes = std::strtoull(argv[2], &end, 10);
  return *end == 0 ? answerReads(unsigned(threads), bytes) : readFile(unsigned(threads), argv[2]);
}
