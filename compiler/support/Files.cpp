#include "compiler/support/Files.h"

#include "compiler/support/Temporary.h"

#include "runtime/FileBytes.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ashlar {

std::optional<llvm::StringRef> readText(const std::string &path, Bytes limit, Diagnostics &diags) {
  // Non-blocking, so that a pipe without a writer is refused and not waited for.
  int file =
      llvm::sys::RetryAfterSignal(-1, ::open, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    diags.error(Exit::InputOutput, path, "cannot be read: " + llvm::sys::StrError(errno));
    if (file >= 0)
      close(file);
    return std::nullopt;
  }
  auto closing = llvm::make_scope_exit([&] { close(file); });
  if (!S_ISREG(status.st_mode)) {
    diags.error(Exit::InputOutput, path,
                S_ISDIR(status.st_mode) ? "is a directory, not a file" : "is not a regular file");
    return std::nullopt;
  }
  uint64_t size = static_cast<uint64_t>(status.st_size);
  if (size > limit.value) {
    diags.error(Exit::BadInput, path,
                "is " + forPeople(Bytes(size)) + " long; a file of this kind has at most " +
                    forPeople(limit));
    return std::nullopt;
  }
  // Read, not mapped: a mapped file that shrinks later, or whose disk fails, ends the process.
  auto buffer = llvm::WritableMemoryBuffer::getNewUninitMemBuffer(size, path);
  if (!buffer || !readAt(file, buffer->getBufferStart(), size, 0)) {
    diags.error(Exit::InputOutput, path,
                "cannot be read: " +
                    (errno ? llvm::sys::StrError(errno) : "it ended while it was read"));
    return std::nullopt;
  }
  return diags.add(std::move(buffer));
}

bool isAbsent(const llvm::Twine &path) {
  struct stat status;
  return lstat(path.str().c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static bool cannot(llvm::StringRef what, const std::string &path, Diagnostics &diags) {
  diags.error(Exit::InputOutput, path, "cannot be " + what + ": " + llvm::sys::StrError(errno));
  return false;
}
static bool cannotWrite(const std::string &path, Diagnostics &diags) {
  return cannot("written", path, diags);
}

/// What has this name, links followed; nothing has it where the mode is 0. False where the system
/// cannot tell, with errno set.
static bool look(const std::string &path, struct stat &status) {
  if (stat(path.c_str(), &status) == 0)
    return true;
  status.st_mode = 0;
  return errno == ENOENT || errno == ENOTDIR;
}

std::optional<Entry> entryAt(const std::string &path, Diagnostics &diags) {
  struct stat status;
  if (!look(path, status))
    return cannot("read", path, diags), std::nullopt;
  return !status.st_mode           ? Entry::Nothing
         : S_ISDIR(status.st_mode) ? Entry::Directory
                                   : Entry::File;
}

/// What is no regular file (a terminal, /dev/null, a pipe) cannot be replaced, only written to.
static bool writeInPlace(const std::string &path, llvm::StringRef bytes, Diagnostics &diags) {
  int file = llvm::sys::RetryAfterSignal(-1, ::open, path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0)
    return cannotWrite(path, diags);
  bool done = writeAll(file, bytes.data(), bytes.size());
  int reason = errno;
  done = close(file) == 0 && done;
  errno = reason;
  return done || cannotWrite(path, diags);
}

bool replaceFile(const std::string &path, std::optional<uint32_t> mode, Diagnostics &diags,
                 llvm::function_ref<bool(int file)> write, llvm::function_ref<bool()> last) {
  // A link keeps pointing where it points: the file behind it is replaced.
  llvm::SmallString<256> target(path);
  struct stat status;
  if (!look(path, status))
    return cannotWrite(path, diags);
  if (status.st_mode) {
    if (std::error_code error = llvm::sys::fs::real_path(path, target)) {
      errno = error.value();
      return cannotWrite(path, diags);
    }
    if (!mode)
      mode = status.st_mode & 07777;
  }
  if (!mode)
    mode = 0666 & ~static_cast<mode_t>(llvm::sys::fs::getUmask());

  Temporary temporary((target + ".ashlar-unfinished-").str(), Temporary::Kind::File);
  if (!temporary)
    return cannotWrite(path, diags);
  int file = temporary.file();
  // Synced before it is renamed: else a crash could leave an empty file under the old name.
  bool written = write(file);
  bool done = written && fchmod(file, *mode) == 0 && fsync(file) == 0;
  int reason = errno;
  if (close(file) != 0 && done) {
    done = false;
    reason = errno;
  }
  if (done && !last())
    return false;
  if (done && rename(temporary.path().c_str(), target.c_str()) != 0) {
    done = false;
    reason = errno;
  }
  if (done) {
    temporary.keep();
    return true;
  }
  errno = reason;
  return written ? cannotWrite(path, diags) : false;
}

bool writeFile(const std::string &path, llvm::StringRef bytes, Diagnostics &diags) {
  if (path == "-") {
    llvm::outs().flush();
    return writeAll(STDOUT_FILENO, bytes.data(), bytes.size()) ||
           cannotWrite("standard output", diags);
  }
  struct stat status;
  if (!look(path, status))
    return cannotWrite(path, diags);
  if (status.st_mode && !S_ISREG(status.st_mode))
    return writeInPlace(path, bytes, diags);
  return replaceFile(path, std::nullopt, diags, [&](int file) {
    return writeAll(file, bytes.data(), bytes.size()) || cannotWrite(path, diags);
  });
}

bool writeIfChanged(const std::string &path, llvm::StringRef bytes, Diagnostics &diags) {
  if (path != "-") {
    struct stat status;
    if (!look(path, status))
      return cannotWrite(path, diags);
    if (S_ISREG(status.st_mode) && static_cast<uint64_t>(status.st_size) == bytes.size()) {
      auto old = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                             /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
      if (old && (*old)->getBuffer() == bytes)
        return true;
    }
  }
  return writeFile(path, bytes, diags);
}

std::string digest(llvm::StringRef bytes) {
  llvm::BLAKE3 hasher;
  hasher.update(bytes);
  return llvm::toHex(hasher.final<16>(), /*LowerCase=*/true);
}

} // namespace ashlar
