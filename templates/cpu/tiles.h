/// Registers that hold tiles, 16 rows of 64 bytes, and products of whole tiles (AMX): where the
/// processor has them and the system lets this program use them (runtime/TileRegisters.h).
#pragma once

#include "templates/cpu/vector.h"

#ifdef __AMX_BF16__

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

inline constexpr int64_t TileRows = 16;  // and columns of sums, which are f32
inline constexpr int64_t TileDepth = 32; // products of bf16 that make one sum

/// The registers for a block of sums of at most two tiles by two: those are 0 to 3, row by row. Of
/// what is multiplied, rows are 4 and 5, columns 6 and 7.
class Tiles {
public:
  Tiles() = default;
  Tiles(const Tiles &) = delete;
  ~Tiles() { asm volatile("tilerelease"); }

  /// From now on a block has so many rows and columns, at least one; what registers held is lost.
  ASHLAR_INLINE void setBlock(int64_t rows, int64_t columns) {
    if (rows == blockRows && columns == blockColumns)
      return;
    blockRows = rows;
    blockColumns = columns;
    Shape shape;
    auto part = [](int64_t size, int64_t tile) ASHLAR_INLINE {
      size -= tile * TileRows;
      return size < 0 ? 0 : size < TileRows ? size : TileRows;
    };
    for (int64_t r = 0; r < 2; ++r)
      for (int64_t c = 0; c < 2; ++c)
        shape.set(2 * r + c, part(rows, r), part(columns, c));
    for (int64_t i = 0; i < 2; ++i) {
      shape.set(4 + i, part(rows, i), part(rows, i) ? TileDepth / 2 : 0);
      shape.set(6 + i, part(columns, i) ? TileDepth / 2 : 0, part(columns, i));
    }
    asm volatile("ldtilecfg %0" : : "m"(shape));
  }

private:
  struct alignas(64) Shape {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t bytes[16] = {};
    uint8_t rows[16] = {};

    /// Columns of four bytes. What has no rows or no columns is not there.
    ASHLAR_INLINE void set(int64_t tile, int64_t rowCount, int64_t columns) {
      bool any = rowCount && columns;
      bytes[tile] = any ? static_cast<uint16_t>(4 * columns) : 0;
      rows[tile] = any ? static_cast<uint8_t>(rowCount) : 0;
    }
  };
  int64_t blockRows = 0, blockColumns = 0;
};

// In assembly, since compilers' own functions take the numbers of registers as literals, and those
// of g++ 12 do not say what memory they read. Rows of memory are so many bytes apart.

template <int64_t Tile> ASHLAR_INLINE inline void clearTile() {
  asm volatile("tilezero %%tmm%c0" : : "i"(Tile));
}
template <int64_t Tile> ASHLAR_INLINE inline void loadTile(const void *from, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(Tile) : "memory");
}
template <int64_t Tile> ASHLAR_INLINE inline void storeTile(void *to, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(Tile) : "memory");
}
/// Sums += rows times columns, pairs of bf16, all sums in f32.
template <int64_t Sums, int64_t Rows, int64_t Columns> ASHLAR_INLINE inline void multiplyTiles() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sums), "i"(Rows), "i"(Columns));
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu

#endif
