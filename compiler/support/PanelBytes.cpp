#include "compiler/support/PanelBytes.h"

#include "templates/cpu/panels.h"

namespace ashlar {

uint64_t panelBytes(DataType type, uint64_t rows, uint64_t columns) {
  auto r = int64_t(rows), c = int64_t(columns);
  switch (type) {
  case DataType::F32:
    return cpu::panelBytes<F32>(r, c);
  case DataType::F16:
    return cpu::panelBytes<F16>(r, c);
  case DataType::BF16:
    return cpu::panelBytes<BF16>(r, c);
  case DataType::Int8:
    return cpu::panelBytes<Int8>(r, c);
  case DataType::Int4:
    return cpu::panelBytes<Int4>(r, c);
  }
  return 0;
}

} // namespace ashlar
