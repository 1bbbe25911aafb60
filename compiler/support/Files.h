/// Reading and writing whole files, with errors that name the file and the reason.
#pragma once

#include "compiler/support/Diagnostics.h"
#include "compiler/support/Quantity.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>
#include <string>

namespace ashlar {

/// The bytes of a regular file, taken into the diagnostics' source manager under the path as the
/// user wrote it. Larger than `limit`, or not a regular file: an error.
std::optional<llvm::StringRef> readText(const std::string &path, Bytes limit, Diagnostics &diags);

/// Whether nothing has this name. A link that leads nowhere has one, and so has what the system
/// cannot tell: opening says then what is wrong.
bool isAbsent(const llvm::Twine &path);

/// What a name stands for, links followed; anything but a directory is a file.
enum class Entry : uint8_t { Nothing, Directory, File };
/// What the system cannot tell is an error, and not taken for nothing.
std::optional<Entry> entryAt(const std::string &path, Diagnostics &diags);

/// Replaces a file by what `write` puts into a temporary file beside it: renamed at the end, so
/// that a failure leaves an old file whole. `write` reports its own errors, and so does `last`,
/// which is called when the file is complete and on the disk, and only has to be renamed. Without a
/// mode the old file's is kept.
bool replaceFile(
    const std::string &path, std::optional<uint32_t> mode, Diagnostics &diags,
    llvm::function_ref<bool(int file)> write,
    llvm::function_ref<bool()> last = [] { return true; });

/// Writes through a temporary file beside `path` that is renamed at the end, so that a failure
/// leaves an old file whole. A path of "-" is standard output.
bool writeFile(const std::string &path, llvm::StringRef bytes, Diagnostics &diags);

/// The same, but leaves a file that already holds these bytes untouched, with its time.
bool writeIfChanged(const std::string &path, llvm::StringRef bytes, Diagnostics &diags);

/// The first 128 bits of BLAKE3 as 32 hexadecimal digits: names what was decided from what.
std::string digest(llvm::StringRef bytes);

} // namespace ashlar
