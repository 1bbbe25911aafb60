#include "runtime/Preflight.h"
#include "runtime/HostLimits.h"
#include "runtime/TileRegisters.h"

#include <algorithm>
#include <cstring>

namespace ashlar {

/// The instruction sets of the first processor, with a blank on both sides of each.
static std::string processorFlags() {
  std::string info = systemText("/proc/cpuinfo");
  size_t at = info.find("\nflags");
  if (at == std::string::npos)
    return "";
  size_t colon = info.find(':', at), end = info.find('\n', colon);
  return " " + info.substr(colon + 1, end - colon - 1) + " ";
}

static std::string join(std::span<const char *const> names) {
  std::string text;
  for (const char *name : names)
    text += (text.empty() ? "" : " ") + std::string(name);
  return text.empty() ? "any" : text;
}

/// The regions of host memory without its name, what is between them, and LibTorch.
static std::vector<std::pair<std::string, uint64_t>> partsOf(const ModelInfo &model,
                                                             uint64_t torchBytes) {
  std::vector<std::pair<std::string, uint64_t>> parts;
  uint64_t rest = model.hostBytes;
  for (const Region &region : model.regions) {
    const char *dot = std::strchr(region.name, '.');
    if (region.bytes)
      parts.push_back({dot ? dot + 1 : region.name, region.bytes});
    rest -= std::min(rest, region.bytes);
  }
  if (rest)
    parts.push_back({"alignment", rest});
  if (torchBytes)
    parts.push_back({"LibTorch", torchBytes});
  return parts;
}

std::vector<Finding> preflight(const ModelInfo &model, bool torchIsHere, const std::string &root) {
  std::vector<Finding> findings;

  std::string flags = processorFlags(), lacking;
  for (std::string name : model.isa)
    if (flags.find(" " + name + " ") == std::string::npos ||
        (name == "amx_tile" && !useTileRegisters()))
      lacking += (lacking.empty() ? "" : " ") + name;
  findings.push_back({"instructions", join(model.isa),
                      lacking.empty() ? "all of them" : "lacks " + lacking,
                      lacking.empty() ? ExitCode::Done : ExitCode::BadInput});

  uint64_t own = torchIsHere ? 0 : model.torchBytes, needed = model.hostBytes + own;
  uint64_t available = availableBytes(root);
  findings.push_back({"host memory", std::to_string(needed) + " bytes",
                      std::to_string(available) + " bytes available",
                      available < needed ? ExitCode::DoesNotFit : ExitCode::Done, needed, available,
                      partsOf(model, own)});

  // Fewer cores make it slower than predicted, not wrong.
  uint32_t cores = usableCores(root);
  findings.push_back(
      {"threads", std::to_string(model.threads),
       std::to_string(cores) + (cores < model.threads ? " cores: slower than predicted" : " cores"),
       ExitCode::Done, model.threads, cores});
  return findings;
}

std::string table(const std::vector<Finding> &findings, bool withParts) {
  size_t what = 0, planned = 0, found = 0;
  for (const Finding &f : findings) {
    what = std::max(what, f.what.size());
    planned = std::max(planned, f.planned.size());
    found = std::max(found, f.found.size());
    for (auto &[name, bytes] : f.parts)
      what = std::max(what, withParts ? name.size() + 2 : 0);
  }
  std::string text;
  for (const Finding &f : findings) {
    auto pad = [](std::string s, size_t width) { return s += std::string(width - s.size(), ' '); };
    text += "  " + pad(f.what, what) + "  planned " + pad(f.planned, planned) + "  here " +
            pad(f.found, found) + (f.missing == ExitCode::Done ? "  ok" : "  MISSING") + "\n";
    for (auto &[name, bytes] : f.parts)
      if (withParts)
        text += "    " + pad(name, what - 2) + "          " + std::to_string(bytes) + " bytes\n";
  }
  return text;
}

Failure refuse(const std::vector<Finding> &findings) {
  std::string rows = table(findings, /*withParts=*/false);
  rows.pop_back();
  for (const Finding &f : findings)
    if (f.missing != ExitCode::Done)
      return {f.missing, "this machine is not the one that was planned for\n" + rows,
              "build the app for this machine with ashlar build, or ask for less with "
              "--max-memory and --context"};
  return {};
}

} // namespace ashlar
