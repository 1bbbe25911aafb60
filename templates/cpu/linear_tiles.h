/// y = x w^T for many rows of bf16 and weights of bf16, by tiles: a part of a panel of w is, as it
/// lies, what a tile of columns wants, and rows of x are a tile of rows.
#pragma once

#include "templates/cpu/block.h"
#include "templates/cpu/tiles.h"

#ifdef __AMX_BF16__

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// A block of sums is as wide as a panel, and as high.
inline constexpr int64_t TilesBlock = 2 * TileRows;
static_assert(TilesBlock == host::PanelRows);

// So many columns of so many bytes of panels stay in the second cache while all rows pass over
// them; so do the rows of a block while all of these panels pass over them.
inline constexpr int64_t TilesDepth = 1024;
inline constexpr int64_t TilesBytes = 768 << 10;

/// What is asked for while a block is computed, since it comes more slowly than that: a part of the
/// weights that come next, and the block of y that does.
struct TilesAhead {
  const char *weights = nullptr;
  int64_t lines = 0; // of weights for each step of TileDepth
  const float *y = nullptr;
};

/// One block of sums, R tiles of rows by V of columns, of so many products for each. They begin as
/// what is at `from`, or as zeros.
template <int64_t R, int64_t V>
[[gnu::noinline]] void blockOfTiles(const uint16_t *x, int64_t xStride, const uint16_t *panel,
                                    int64_t depth, const float *from, int64_t fromStride, float *to,
                                    int64_t toStride, const TilesAhead &ahead) {
  auto forSums = [&](auto &&body) ASHLAR_INLINE {
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      unrolled<V>([&](auto v) ASHLAR_INLINE {
        body(Constant<2 * r.value + v.value>(), r * TileRows, v * TileRows);
      });
    });
  };
  forSums([&](auto sums, int64_t row, int64_t column) ASHLAR_INLINE {
    if (from)
      loadTile<sums.value>(from + row * fromStride + column, fromStride * 4);
    else
      clearTile<sums.value>();
  });
  const char *weights = ahead.weights;
  const float *y = ahead.y;
  for (int64_t k = 0; k < depth; k += TileDepth) {
    for (int64_t line = 0; line < ahead.lines; ++line, weights += 64)
      __builtin_prefetch(weights, 0, 2);
    if (y && k < TilesBlock * TileDepth) {
      __builtin_prefetch(y, 1);
      __builtin_prefetch(y + TileRows, 1);
      y += toStride;
    }
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      loadTile<4 + r.value>(x + r * TileRows * xStride + k, xStride * 2);
    });
    unrolled<V>([&](auto v) ASHLAR_INLINE {
      loadTile<6 + v.value>(panel + k * host::PanelRows + v * 2 * TileRows, 4 * host::PanelRows);
      unrolled<R>([&](auto r) ASHLAR_INLINE {
        multiplyTiles<2 * r.value + v.value, 4 + r.value, 6 + v.value>();
      });
    });
  }
  forSums([&](auto sums, int64_t row, int64_t column)
              ASHLAR_INLINE { storeTile<sums.value>(to + row * toStride + column, toStride * 4); });
}

/// Rows of bf16 that weights in panels are multiplied with. They begin `stride` values apart; what
/// is summed up is a multiple of TileDepth.
class RowsOfTiles {
public:
  RowsOfTiles(const uint16_t *x, int64_t stride, int64_t outputs, int64_t depth)
      : x(x), stride(stride), outputs(outputs), depth(depth) {}

  int64_t panelSize() const { return depth * host::PanelRows; }

  /// Panels of a group, if so many columns of each are worked on together: something for each
  /// thread.
  int64_t together(const StepState &step, int64_t columns) const {
    int64_t fair = (panelCount(outputs) + step.threads - 1) / step.threads;
    int64_t fit = TilesBytes / (columns * host::PanelRows * 2);
    return fit < 1 ? 1 : fit < fair ? fit : fair;
  }

  /// The block of a panel and of rows below `end`, with columns from k on.
  ASHLAR_INLINE void multiply(const uint16_t *weights, int64_t panel, int64_t row, int64_t end,
                              int64_t k, int64_t count, const float *from, int64_t fromStride,
                              float *to, int64_t toStride, const TilesAhead &ahead) {
    int64_t height = end - row, width = outputs - panel * TilesBlock;
    tiles.setBlock(height < TilesBlock ? height : TilesBlock,
                   width < TilesBlock ? width : TilesBlock);
    auto *block = height > TileRows ? (width > TileRows ? blockOfTiles<2, 2> : blockOfTiles<2, 1>)
                                    : (width > TileRows ? blockOfTiles<1, 2> : blockOfTiles<1, 1>);
    block(x + row * stride + k, stride, weights + panel * panelSize() + k * host::PanelRows, count,
          from, fromStride, to, toStride, ahead);
  }

  /// The part of a panel that is asked for while a block of rows from `begin` to `end` goes over
  /// another, `count` columns of it, so that all blocks of rows ask for all of the panel.
  static TilesAhead partOf(const uint16_t *panel, int64_t count, int64_t row, int64_t begin,
                           int64_t end) {
    int64_t blocks = (end - begin + TilesBlock - 1) / TilesBlock;
    constexpr int64_t Lines = TileDepth * host::PanelRows * 2 / 64;
    TilesAhead ahead;
    ahead.lines = (Lines + blocks - 1) / blocks;
    ahead.weights = reinterpret_cast<const char *>(panel) +
                    (row - begin) / TilesBlock * ahead.lines * 64 * (count / TileDepth);
    return ahead;
  }

private:
  const uint16_t *x;
  int64_t stride, outputs, depth;
  Tiles tiles;
};

/// To a block of rows, which begin `stride` values apart, or what there is of it.
inline void addBias(const float *bias, float *to, int64_t stride, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < TilesBlock && r < rows; ++r, to += stride)
    for (int64_t i = 0; i < TilesBlock && i < columns; i += Width)
      store(to + i, load(to + i, columns - i) + load(bias + i, columns - i), columns - i);
}

/// y = x w^T (+ bias) (+ z), of which z begins its rows `zStride` values apart and may be y.
inline void linearOfTiles(const StepState &step, int64_t count, const uint16_t *x, int64_t xStride,
                          const uint16_t *weights, const float *bias, const float *z,
                          int64_t zStride, float *y, int64_t outputs, int64_t depth) {
  int64_t panels = panelCount(outputs);
  int64_t parts = (depth + TilesDepth - 1) / TilesDepth;
  int64_t most = roundUp((depth + parts - 1) / parts, TileDepth);
  int64_t together = RowsOfTiles(x, xStride, outputs, depth).together(step, most);
  int64_t groups = (panels + together - 1) / together;
  auto run = [&](int64_t group, int64_t begin, int64_t end) ASHLAR_INLINE {
    RowsOfTiles rows(x, xStride, outputs, depth);
    int64_t first = group * together, last = first + together < panels ? first + together : panels;
    for (int64_t k = 0; k < depth; k += most)
      for (int64_t row = begin; row < end; row += TilesBlock)
        for (int64_t panel = first; panel < last; ++panel) {
          int64_t column = panel * TilesBlock;
          float *to = y + row * outputs + column;
          const float *from = k ? to : z ? z + row * zStride + column : nullptr;
          int64_t part = depth - k < most ? depth - k : most;
          TilesAhead ahead;
          if (k + most < depth)
            ahead = rows.partOf(weights + panel * rows.panelSize() + (k + most) * TilesBlock, part,
                                row, begin, end);
          else if (panel + together < panels)
            ahead =
                rows.partOf(weights + (panel + together) * rows.panelSize(), part, row, begin, end);
          ahead.y = panel + 1 < last ? to + TilesBlock
                                     : y + (row + TilesBlock) * outputs + first * TilesBlock;
          rows.multiply(weights, panel, row, end, k, part, from, k ? outputs : zStride, to, outputs,
                        ahead);
          if (bias && k + most >= depth)
            addBias(bias + column, to, outputs, end - row, outputs - column);
        }
  };
  int64_t bytes = together * depth * host::PanelRows * 2;
  forChunksOfBlocks<TilesBlock>(step, weights, groups, bytes, count, run);
}

/// Calls finish(row, column, sums of gate, sums of up) for parts of rows as wide as a panel.
template <class Finish>
ASHLAR_INLINE inline void gluOfTiles(const StepState &step, int64_t count, const uint16_t *x,
                                     int64_t xStride, const uint16_t *gate, const uint16_t *up,
                                     int64_t outputs, int64_t depth, Finish &&finish) {
  int64_t panels = panelCount(outputs);
  int64_t together = RowsOfTiles(x, xStride, outputs, depth).together(step, 2 * depth);
  int64_t groups = (panels + together - 1) / together, bytes = together * depth * TilesBlock * 2;
  auto run = [&](int64_t group, int64_t begin, int64_t end) ASHLAR_INLINE {
    alignas(64) float gates[TilesBlock * TilesBlock], ups[TilesBlock * TilesBlock];
    RowsOfTiles rows(x, xStride, outputs, depth);
    int64_t first = group * together, last = first + together < panels ? first + together : panels;
    step.await(up + first * rows.panelSize(), (last - first) * rows.panelSize() * 2);
    for (int64_t row = begin; row < end; row += TilesBlock)
      for (int64_t panel = first; panel < last; ++panel) {
        int64_t next = (panel + together) * rows.panelSize();
        TilesAhead aheadOfGate, aheadOfUp;
        if (panel + together < panels) {
          aheadOfGate = rows.partOf(gate + next, depth, row, begin, end);
          aheadOfUp = rows.partOf(up + next, depth, row, begin, end);
        }
        rows.multiply(gate, panel, row, end, 0, depth, nullptr, 0, gates, TilesBlock, aheadOfGate);
        rows.multiply(up, panel, row, end, 0, depth, nullptr, 0, ups, TilesBlock, aheadOfUp);
        for (int64_t r = row; r < row + TilesBlock && r < end; ++r)
          finish(r, panel * TilesBlock, gates + (r - row) * TilesBlock,
                 ups + (r - row) * TilesBlock);
      }
  };
  forChunksOfBlocks<TilesBlock>(step, gate, groups, bytes, count, run);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu

#endif
