/// y = x w^T for many rows of bf16 and weights of bf16, by tiles: a block of panels of w is, as it
/// lies, what a tile of columns wants, and rows of x are a tile of rows.
#pragma once

#include "templates/cpu/block.h"
#include "templates/cpu/tiles.h"

#ifdef __AMX_BF16__

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

// Some panels, a part of their columns at a time, stay in the second cache while all rows pass over
// them; so do the rows of a block while all of these panels pass over them.
inline constexpr int64_t TilesDepth = 2048;
inline constexpr int64_t TilesBytes = 1 << 20;

/// One block of sums, R tiles of rows by V of columns, of so many products for each. Sums begin as
/// what is in y, or as the bias.
template <int64_t R, int64_t V>
[[gnu::noinline]] void blockOfTiles(const uint16_t *x, int64_t xStride, const uint16_t *panel,
                                    int64_t depth, bool first, const float *bias, float *y,
                                    int64_t stride) {
  auto forSums = [&](auto &&body) ASHLAR_INLINE {
    unrolled<R>([&](auto r) ASHLAR_INLINE {
      unrolled<V>([&](auto v) ASHLAR_INLINE { body(Constant<2 * r.value + v.value>(), r, v); });
    });
  };
  forSums([&](auto sums, int64_t r, int64_t v) ASHLAR_INLINE {
    if (!first)
      loadTile<sums.value>(y + r * TileRows * stride + v * TileRows, stride * 4);
    else if (bias)
      loadTile<sums.value>(bias + v * TileRows, 0);
    else
      clearTile<sums.value>();
  });
  for (int64_t k = 0; k < depth; k += TileDepth) {
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
  forSums([&](auto sums, int64_t r, int64_t v) ASHLAR_INLINE {
    storeTile<sums.value>(y + r * TileRows * stride + v * TileRows, stride * 4);
  });
}

/// Rows of x begin `xStride` values apart. Depth is a multiple of TileDepth.
inline void linearOfTiles(const StepState &step, int64_t rows, const uint16_t *x, int64_t xStride,
                          const uint16_t *weights, const float *bias, float *y, int64_t outputs,
                          int64_t depth) {
  constexpr int64_t Block = 2 * TileRows;
  static_assert(Block == host::PanelRows);
  int64_t panels = panelCount(outputs), size = depth * host::PanelRows;
  int64_t parts = (depth + TilesDepth - 1) / TilesDepth;
  int64_t most = ((depth + parts - 1) / parts + TileDepth - 1) / TileDepth * TileDepth;
  // Something for each thread.
  int64_t fair = (panels + step.threads - 1) / step.threads;
  int64_t together = TilesBytes / (most * host::PanelRows * 2);
  together = together < 1 ? 1 : together < fair ? together : fair;
  int64_t groups = (panels + together - 1) / together;
  auto run = [&](int64_t group, int64_t begin, int64_t end) ASHLAR_INLINE {
    int64_t last = (group + 1) * together < panels ? (group + 1) * together : panels;
    Tiles tiles;
    for (int64_t k = 0; k < depth; k += most) {
      int64_t part = depth - k < most ? depth - k : most;
      for (int64_t row = begin; row < end; row += Block)
        for (int64_t panel = group * together; panel < last; ++panel) {
          int64_t column = panel * host::PanelRows;
          int64_t height = end - row < Block ? end - row : Block;
          int64_t width = outputs - column < Block ? outputs - column : Block;
          tiles.setBlock(height, width);
          auto *block = height > TileRows
                            ? (width > TileRows ? blockOfTiles<2, 2> : blockOfTiles<2, 1>)
                            : (width > TileRows ? blockOfTiles<1, 2> : blockOfTiles<1, 1>);
          block(x + row * xStride + k, xStride, weights + panel * size + k * host::PanelRows, part,
                k == 0, bias ? bias + column : bias, y + row * outputs + column, outputs);
        }
    }
  };
  forChunksOfBlocks<Block>(step, weights, groups, together * size * 2, rows, run);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu

#endif
