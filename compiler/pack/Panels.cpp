#include "compiler/pack/Panels.h"

#include "templates/cpu/quantize.h"

#include "llvm/Support/Parallel.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ashlar {

double QuantizationError::relative() const { return squares > 0 ? std::sqrt(errors / squares) : 0; }

/// Calls pack(panel's number, pointers to its rows, their count, its place) for every panel.
template <class T, class Value, class Pack>
static void forPanels(const char *rows, uint64_t count, uint64_t columns, char *panels, Pack pack) {
  using Storage = typename T::storage;
  auto size = uint64_t(cpu::panelSize<T>(int64_t(columns))) * sizeof(Storage);
  llvm::parallelFor(0, size_t(cpu::panelCount(int64_t(count))), [&](size_t at) {
    uint64_t first = at * host::PanelRows;
    auto inPanel = int64_t(std::min<uint64_t>(host::PanelRows, count - first));
    const Value *pointers[host::PanelRows] = {};
    for (int64_t row = 0; row < inPanel; ++row)
      pointers[row] = reinterpret_cast<const Value *>(rows) + (first + uint64_t(row)) * columns;
    pack(at, pointers, inPanel, reinterpret_cast<Storage *>(panels + at * size));
  });
}

template <class T>
static void pack(const char *rows, uint64_t count, uint64_t columns, char *panels) {
  using Value = typename T::storage;
  forPanels<T, Value>(rows, count, columns, panels,
                      [&](size_t, const Value *const *pointers, int64_t inPanel, Value *panel) {
                        cpu::packPanel<T>(pointers, inPanel, int64_t(columns), panel);
                      });
}

template <class T>
static QuantizationError errorOf(const uint8_t *panel, const float *const *rows, int64_t count,
                                 int64_t columns) {
  QuantizationError result;
  for (int64_t row = 0; row < count; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      double weight = rows[row][column];
      double off = weight - double(cpu::weightAt<T>(panel, row, column));
      result.squares += weight * weight;
      result.errors += off * off;
    }
  return result;
}

template <class T>
static std::optional<NoLevel> quantize(const char *rows, uint64_t count, uint64_t columns,
                                       char *panels, QuantizationError &error) {
  struct Done {
    cpu::Misfit misfit;
    QuantizationError error;
  };
  std::vector<Done> done(size_t(cpu::panelCount(int64_t(count))));
  forPanels<T, float>(
      rows, count, columns, panels,
      [&](size_t at, const float *const *pointers, int64_t inPanel, uint8_t *panel) {
        done[at].misfit = cpu::quantizePanel<T>(pointers, inPanel, int64_t(columns), panel);
        if (!done[at].misfit)
          done[at].error = errorOf<T>(panel, pointers, inPanel, int64_t(columns));
      });
  for (size_t at = 0; at < done.size(); ++at) {
    if (cpu::Misfit misfit = done[at].misfit)
      return NoLevel{at * host::PanelRows + uint64_t(misfit.row), uint64_t(misfit.column)};
    error.add(done[at].error);
  }
  return std::nullopt;
}

std::optional<NoLevel> packPanels(DataType type, const char *rows, uint64_t count, uint64_t columns,
                                  char *panels, QuantizationError &error) {
  switch (type) {
  case DataType::F32:
    pack<F32>(rows, count, columns, panels);
    return std::nullopt;
  case DataType::F16:
    pack<F16>(rows, count, columns, panels);
    return std::nullopt;
  case DataType::BF16:
    pack<BF16>(rows, count, columns, panels);
    return std::nullopt;
  case DataType::Int8:
    return quantize<Int8>(rows, count, columns, panels, error);
  case DataType::Int4:
    return quantize<Int4>(rows, count, columns, panels, error);
  }
  return std::nullopt;
}

} // namespace ashlar
