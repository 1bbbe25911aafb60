// What damage does to a safetensors file: whatever bytes change, reading ends, says why where it
// refuses, and never yields a tensor outside of the file. Single rules are tests of their own, in
// tests/checkpoint.

#include "tests/unit/Check.h"

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Safetensors.h"
#include "compiler/support/Files.h"

#include <cstring>
#include <sys/mman.h>
#include <sys/resource.h>

using namespace ashlar;

namespace {

struct Read {
  bool good;
  Checkpoint checkpoint;
  std::string messages;
};

/// Reads bytes as a file; `room` extends it with zeros that take no memory.
Read readBytes(llvm::StringRef bytes, uint64_t room = 0) {
  int file = memfd_create("safetensors", MFD_CLOEXEC);
  CHECK_EQ(write(file, bytes.data(), bytes.size()), bytes.size());
  CHECK_EQ(ftruncate(file, bytes.size() + room), 0);
  Read result;
  llvm::raw_string_ostream out(result.messages);
  Diagnostics diags(out);
  result.good = readSafetensors("/proc/self/fd/" + std::to_string(file), result.checkpoint, diags);
  CHECK_EQ(result.good, !diags.failed());
  CHECK(result.good || !result.messages.empty());
  close(file);
  return result;
}

std::string file(llvm::StringRef header, size_t data) {
  uint64_t length = header.size();
  std::string bytes(8, '\0');
  memcpy(bytes.data(), &length, 8); // this machine is little-endian, as the format is
  return bytes + header.str() + std::string(data, '\1');
}

std::string sample() {
  return file(R"({"__metadata__":{"format":"pt"},)"
              R"("b":{"dtype":"BF16","shape":[2,3],"data_offsets":[8,20]},)"
              R"("a\u00e9":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
              R"("c":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[20,23]}}  )",
              23);
}

} // namespace

TEST(fields) {
  std::string bytes = sample();
  Read read = readBytes(bytes);
  CHECK(read.good);
  CHECK_EQ(read.messages, "");
  CHECK_EQ(read.checkpoint.tensors.size(), 3u);
  const Tensor &b = read.checkpoint.tensors[0];
  uint64_t start = bytes.size() - 23;
  CHECK_EQ(b.name, "b");
  CHECK(b.type == TensorType::BF16);
  CHECK_EQ(shapeText(b.shape), "[2, 3]");
  CHECK_EQ(b.offset, start + 8);
  CHECK_EQ(b.bytes.value, 12u);
  CHECK_EQ(read.checkpoint.tensors[1].name, "a\xC3\xA9");
  const WeightFile &described = read.checkpoint.files[0];
  CHECK_EQ(described.size, bytes.size());
  CHECK_EQ(described.headerDigest, digest(llvm::StringRef(bytes).take_front(start)));
}

TEST(everyLength) {
  std::string bytes = sample();
  for (size_t length = 0; length < bytes.size(); ++length)
    CHECK(!readBytes(llvm::StringRef(bytes).take_front(length)).good);
  CHECK(!readBytes(bytes + '\0').good);
}

// With one byte changed to each of a few, the file is refused, or still describes all of itself.
TEST(everyByte) {
  std::string bytes = sample();
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (char c : {'\0', '"', '\\', '0', '9', '{', '}', '[', ',', ' ', '\x7f', '\xff'}) {
      std::string changed = bytes;
      changed[i] = c;
      Read read = readBytes(changed);
      if (!read.good)
        continue;
      uint64_t total = 0;
      for (const Tensor &tensor : read.checkpoint.tensors) {
        total += tensor.bytes.value;
        CHECK(tensor.offset <= bytes.size() && tensor.bytes.value <= bytes.size() - tensor.offset);
      }
      CHECK_EQ(total, 23u);
    }
  }
}

TEST(everyByteMissing) {
  std::string bytes = sample();
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed.erase(i, 1);
    CHECK(!readBytes(changed).good);
  }
}

// More than 2 GiB, which no single call reads, and sizes that no 32 bits hold.
TEST(large) {
  uint64_t size = 3ull << 32;
  std::string text = std::to_string(size);
  Read read = readBytes(
      file(R"({"a":{"dtype":"U8","shape":[)" + text + R"(],"data_offsets":[0,)" + text + "]}}", 0),
      size);
  CHECK(read.good);
  CHECK_EQ(read.checkpoint.tensors[0].bytes.value, size);
}

// Sixteen files of an EiB are one byte more than 64 bits count.
TEST(totalOverflows) {
  uint64_t size = 1ull << 60;
  std::string text = std::to_string(size);
  Checkpoint checkpoint;
  std::string messages;
  llvm::raw_string_ostream out(messages);
  Diagnostics diags(out);
  for (int i = 0; i < 16; ++i) {
    std::string bytes = file(
        R"({"a":{"dtype":"U8","shape":[)" + text + R"(],"data_offsets":[0,)" + text + "]}}", 0);
    int each = memfd_create("safetensors", MFD_CLOEXEC);
    CHECK_EQ(write(each, bytes.data(), bytes.size()), bytes.size());
    CHECK_EQ(ftruncate(each, static_cast<off_t>(bytes.size() + size)), 0);
    bool good = readSafetensors("/proc/self/fd/" + std::to_string(each), checkpoint, diags);
    CHECK_EQ(good, i < 15);
    close(each);
  }
  CHECK(messages.find("is so large that the size of the whole checkpoint overflows 64 bits") !=
        messages.npos);
  CHECK_EQ(checkpoint.bytes.value, 15 * size);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // which keep freed memory
// The text once, and what it describes: three times a header and 16 MB are not exceeded.
TEST(memory) {
  std::string header = "{";
  for (int i = 0; i < 300'000; ++i)
    header += (i ? ",\"" : "\"") + std::to_string(i) +
              R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  std::string bytes = file(header + "}", 0);
  header = {};
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  CHECK(readBytes(bytes).good);
  getrusage(RUSAGE_SELF, &after);
  uint64_t grown = static_cast<uint64_t>(after.ru_maxrss - before.ru_maxrss) * 1024;
  // The file itself lies in memory here as well, but is no part of the process.
  CHECK(grown <= 3 * bytes.size() + (16 << 20));
}
#endif
