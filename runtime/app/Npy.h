/// Files of numpy's: float32 [rows, columns] in C order.
#pragma once

#include "runtime/Failure.h"

#include <cstdint>
#include <string>

namespace ashlar {

/// The head of a .npy file: version 1.0, padded so that the numbers start at a multiple of 64.
std::string npyHeader(uint64_t rows, uint64_t columns);

/// A .npy file that is read row by row. It is untrusted: `open` compares what its head says with
/// the bytes that there are.
class NpyReader {
public:
  NpyReader() = default;
  NpyReader(const NpyReader &) = delete;
  NpyReader &operator=(const NpyReader &) = delete;
  ~NpyReader();

  /// Versions 1 and 2. Refuses other types than little-endian float32, Fortran's order, and other
  /// shapes than [rows, columns].
  Failure open(const std::string &path, uint64_t columns);
  uint64_t rows() const { return rowCount; }
  /// Rows from `first` on; allocates nothing.
  Failure read(uint64_t first, uint64_t count, float *into) const;
  /// Whether a path names this very file.
  bool isFile(const std::string &path) const;

private:
  std::string path;
  int file = -1;
  uint64_t columns = 0, rowCount = 0;
  uint64_t begin = 0; // of the numbers
};

/// A file that is written, or standard output without a name.
class OutputFile {
public:
  OutputFile() = default;
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;
  ~OutputFile();

  Failure open(const std::string &path);
  /// Allocates nothing unless it fails.
  Failure write(const void *data, uint64_t bytes);
  Failure close();

private:
  std::string path;
  int file = -1;
};

} // namespace ashlar
