/// Weights that are whole numbers, for programs that test them: a reading of the layout of its own.
#pragma once

#include "templates/cpu/quantize.h"
#include "tests/unit/Kernels.h"

namespace kernels {

inline constexpr int Levels4[16] = {-127, -99, -78, -61, -46, -33, -21, -9,
                                    2,    13,  24,  36,  49,  64,  82,  105};

inline constexpr int64_t panelSizeOf(bool small, int64_t columns) {
  return small ? 128 + (columns + 63) / 64 * 1088 : (columns + 31) / 32 * 1088;
}

/// A number in a panel, as runtime/Step.h states it: of int4 which of its levels.
template <class T> struct Stored {
  static constexpr bool Small = std::is_same_v<T, Int4>;
  double scale;
  int number;

  Stored(const uint8_t *panel, int64_t row, int64_t column) {
    const uint8_t *bundle = panel + panelSizeOf(Small, column / 64 * 64);
    int64_t k = column % 32;
    if (Small) {
      float whole;
      std::memcpy(&whole, panel + row * 4, 4);
      const uint8_t *part = bundle + column % 64 / 32 * 32 + row;
      scale = double(whole) * static_cast<int8_t>(*part);
      int both = bundle[64 + column % 64 / 32 * 512 + k / 8 * 128 + row * 4 + k % 4];
      number = k % 8 < 4 ? both & 15 : both >> 4;
    } else {
      bundle += column % 64 / 32 * 1088;
      scale = decode<F16>(static_cast<uint16_t>(bundle[2 * row] | bundle[2 * row + 1] << 8));
      number = bundle[64 + k / 4 * 128 + row * 4 + k % 4] - 128;
    }
  }
  double weight() const { return scale * (Small ? Levels4[number] : number) / 128; }
};
template <class T> double stored(const uint8_t *panel, int64_t row, int64_t column) {
  return Stored<T>(panel, row, column).weight();
}

template <class T> struct QuantizedMatrix {
  int64_t rows, columns, panelSize;
  std::vector<uint8_t> bytes;

  QuantizedMatrix(int64_t rows, int64_t columns)
      : rows(rows), columns(columns), panelSize(panelSizeOf(std::is_same_v<T, Int4>, columns)),
        bytes(size_t((rows + 31) / 32 * panelSize)) {}
  double at(int64_t row, int64_t column) const {
    return stored<T>(bytes.data() + row / 32 * panelSize, row % 32, column);
  }
};

/// Any bytes are numbers, also those that padding does not have; scales are of all sizes and signs.
template <class T> QuantizedMatrix<T> anyMatrix(int64_t rows, int64_t columns) {
  QuantizedMatrix<T> matrix(rows, columns);
  std::uniform_int_distribution<int> byte(0, 255);
  for (uint8_t &value : matrix.bytes)
    value = static_cast<uint8_t>(byte(generator()));
  auto put = [&](size_t at, auto scales, auto tiny) {
    scales[5] = tiny;
    scales[6] = 0;
    std::memcpy(matrix.bytes.data() + at, scales.data(), scales.size() * sizeof(scales[0]));
  };
  size_t panel = size_t(matrix.panelSize);
  for (size_t first = 0; first < matrix.bytes.size(); first += panel)
    if (std::is_same_v<T, Int4>) {
      put(first, normal<F32>(32, 0.01), 1e-12f);
      const int8_t parts[] = {0, 127, -127, -128};
      for (size_t bundle = first + 128; bundle < first + panel; bundle += 1088)
        std::memcpy(matrix.bytes.data() + bundle + 30, parts, 4); // of both groups
    } else
      for (size_t group = 0; group < panel; group += 1088)
        put(first + group, normal<F16>(32), uint16_t(3)); // a denormal
  return matrix;
}

/// Packed from normal weights.
template <class T>
QuantizedMatrix<T> packed(const std::vector<float> &weights, int64_t rows, int64_t columns) {
  QuantizedMatrix<T> matrix(rows, columns);
  std::fill(matrix.bytes.begin(), matrix.bytes.end(), uint8_t(0xee));
  CHECK_EQ(cpu::panelBytes<T>(rows, columns), matrix.bytes.size());
  CHECK_EQ(cpu::panelSize<T>(columns), matrix.panelSize);
  for (int64_t first = 0; first < rows; first += 32) {
    const float *pointers[32];
    int64_t count = std::min<int64_t>(32, rows - first);
    for (int64_t row = 0; row < count; ++row)
      pointers[row] = weights.data() + (first + row) * columns;
    CHECK(!cpu::quantizePanel<T>(pointers, count, columns,
                                 matrix.bytes.data() + first / 32 * matrix.panelSize));
  }
  return matrix;
}

} // namespace kernels
