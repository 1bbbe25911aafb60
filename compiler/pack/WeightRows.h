/// Rows of weights as checkpoints hold them, converted and turned to what the plan wants: a few MiB
/// at a time, whatever a weight's shape.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/plan/Plan.h"

namespace ashlar {

/// A weight file that is still the one whose header was read.
class WeightSource {
public:
  ~WeightSource();
  bool open(const WeightFile &of, Diagnostics &diags);
  bool isUnchanged(Diagnostics &diags) const;
  bool read(void *to, uint64_t bytes, uint64_t offset, Diagnostics &diags) const;

private:
  const WeightFile *description = nullptr;
  int file = -1;
};

class WeightRows {
public:
  WeightRows(const Checkpoint &checkpoint, Diagnostics &diags)
      : checkpoint(checkpoint), diags(diags) {}

  /// Exit 4 when a file changed since its header was read.
  bool open();
  /// To ask after all was read: it may be of two versions of a file.
  bool areUnchanged() const;
  /// How many rows to load at a time, of numbers that are at most `width` bytes wide.
  static uint64_t atATime(const plan::Weight &weight, uint64_t width);
  /// `count` rows of the weight from `first` on, as `type`. Those of a transposed one are columns
  /// of its tensor, and are turned.
  bool load(const plan::Weight &weight, const Tensor &tensor, DataType type, uint64_t first,
            uint64_t count);
  /// What was loaded last.
  const std::vector<char> &rows() const { return converted; }

private:
  bool loadTurned(const plan::Weight &weight, const Tensor &tensor, DataType type, uint64_t first,
                  uint64_t count);
  bool convertRaw(const Tensor &tensor, DataType type, std::vector<char> &into);

  const Checkpoint &checkpoint;
  Diagnostics &diags;
  std::vector<WeightSource> sources;
  std::vector<char> raw, converted;
};

} // namespace ashlar
