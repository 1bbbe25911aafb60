#include "compiler/checkpoint/Safetensors.h"

#include "compiler/support/Files.h"

#include "runtime/FileBytes.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Errno.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <numeric>
#include <sys/stat.h>
#include <unistd.h>

namespace ashlar {

bool checkExtents(llvm::StringRef file, llvm::ArrayRef<Tensor> tensors, uint64_t dataBytes,
                  Diagnostics &diags) {
  std::vector<uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::pair(tensors[a].offset, tensors[a].bytes) <
           std::pair(tensors[b].offset, tensors[b].bytes);
  });
  uint64_t end = 0;
  const Tensor *before = nullptr;
  for (uint32_t i : order) {
    const Tensor &tensor = tensors[i];
    if (tensor.offset > end) {
      diags.error(Exit::BadInput, file,
                  "bytes " + llvm::Twine(end) + " to " + llvm::Twine(tensor.offset) +
                      " of the data belong to no tensor; the next one is \"" + tensor.name + "\"");
      return false;
    }
    if (tensor.offset < end) {
      diags.error(Exit::BadInput, file,
                  "tensors \"" + before->name + "\" and \"" + tensor.name +
                      "\" overlap: the one ends at byte " + llvm::Twine(end) +
                      " of the data, the other begins at byte " + llvm::Twine(tensor.offset));
      return false;
    }
    end += tensor.bytes.value; // both come from a data_offsets of two 63-bit numbers
    before = &tensor;
  }
  if (end > dataBytes) {
    diags.error(Exit::BadInput, file,
                "is cut short: its header describes " + llvm::Twine(end) +
                    " bytes of data, and only " + llvm::Twine(dataBytes) + " are there");
    diags.note("an interrupted download leaves such a file; fetch it again");
    return false;
  }
  if (end < dataBytes) {
    diags.error(Exit::BadInput, file,
                "is too long: its header describes " + llvm::Twine(end) + " bytes of data, and " +
                    llvm::Twine(dataBytes) + " are there");
    return false;
  }
  return true;
}

static bool checkNamesDiffer(llvm::StringRef file, llvm::ArrayRef<Tensor> tensors,
                             Diagnostics &diags) {
  std::vector<uint32_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0);
  auto less = [&](uint32_t a, uint32_t b) { return tensors[a].name < tensors[b].name; };
  if (!std::is_sorted(order.begin(), order.end(), less)) // as most writers sort them
    std::sort(order.begin(), order.end(), less);
  for (size_t i = 1; i < order.size(); ++i)
    if (tensors[order[i]].name == tensors[order[i - 1]].name) {
      diags.error(Exit::BadInput, file,
                  "the header names tensor \"" + tensors[order[i]].name + "\" twice");
      return false;
    }
  return true;
}

static bool readOpened(const std::string &path, int file, uint64_t size, Checkpoint &into,
                       WeightFile &described, Diagnostics &diags) {
  auto refuse = [&](const llvm::Twine &what) {
    diags.error(Exit::BadInput, path, what);
    return false;
  };
  auto unread = [&] {
    diags.error(Exit::InputOutput, path,
                "cannot be read: " +
                    (errno ? llvm::sys::StrError(errno) : "it ended while it was read"));
    return false;
  };
  if (size < 8)
    return refuse("is " + llvm::Twine(size) + " bytes long; a safetensors file has at least 8");
  char prefix[8];
  if (!readAt(file, prefix, sizeof prefix, 0))
    return unread();
  if (llvm::StringRef(prefix, sizeof prefix) == "version ") {
    refuse("is a pointer of Git LFS, not the weights themselves");
    diags.note("`git lfs pull` in the checkpoint's repository fetches them");
    return false;
  }
  uint64_t headerBytes = llvm::support::endian::read64le(prefix);
  if (headerBytes > MaxHeaderBytes)
    return refuse("claims a header of " + llvm::Twine(headerBytes) + " bytes; the format allows " +
                  llvm::Twine(MaxHeaderBytes) + " (is this a safetensors file?)");
  if (headerBytes > size - 8) {
    refuse("claims a header of " + llvm::Twine(headerBytes) + " bytes, and only " +
           llvm::Twine(size - 8) + " follow");
    diags.note("an interrupted download leaves such a file; fetch it again");
    return false;
  }

  auto bytes = std::make_unique_for_overwrite<char[]>(8 + headerBytes);
  std::copy_n(prefix, sizeof prefix, bytes.get());
  if (!readAt(file, bytes.get() + 8, headerBytes, 8))
    return unread();
  llvm::StringRef start(bytes.get(), 8 + headerBytes);
  described.headerDigest = digest(start);

  uint64_t dataBytes = size - 8 - headerBytes;
  size_t first = into.tensors.size();
  if (!parseHeader(path, start.substr(8), into.tensors, diags))
    return false;
  llvm::MutableArrayRef<Tensor> added = llvm::MutableArrayRef(into.tensors).drop_front(first);
  if (!checkNamesDiffer(path, added, diags) || !checkExtents(path, added, dataBytes, diags))
    return false;
  std::optional<uint64_t> total = checkedAdd(into.bytes.value, dataBytes);
  if (!total)
    return refuse("is so large that the size of the whole checkpoint overflows 64 bits");
  into.bytes = Bytes(*total);
  for (Tensor &tensor : added) {
    tensor.file = static_cast<uint32_t>(into.files.size());
    tensor.offset += 8 + headerBytes;
  }
  return true;
}

bool readSafetensors(const std::string &path, Checkpoint &into, Diagnostics &diags) {
  // Non-blocking, so that a pipe without a writer is refused and not waited for.
  int file =
      llvm::sys::RetryAfterSignal(-1, ::open, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    diags.error(Exit::InputOutput, path, "cannot be read: " + llvm::sys::StrError(errno));
    if (file >= 0)
      close(file);
    return false;
  }
  auto closing = llvm::make_scope_exit([&] { close(file); });
  if (!S_ISREG(status.st_mode)) {
    diags.error(Exit::InputOutput, path, "is not a regular file");
    return false;
  }
  WeightFile described;
  described.path = path;
  described.size = static_cast<uint64_t>(status.st_size);
  described.changedNanos = nanosOf(status.st_ctim);
  if (!readOpened(path, file, described.size, into, described, diags))
    return false;
  into.files.push_back(std::move(described));
  return true;
}

} // namespace ashlar
