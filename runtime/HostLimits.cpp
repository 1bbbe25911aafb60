#include "runtime/HostLimits.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>
#include <vector>

namespace ashlar {

std::string systemText(const std::string &path) {
  constexpr size_t Most = 1 << 20;
  std::string text;
  // Files of /proc and /sys say that they are empty, so they are read as a stream.
  if (FILE *file = std::fopen(path.c_str(), "re")) {
    char buffer[4096];
    for (size_t n = 1; n && text.size() < Most; text.append(buffer, n))
      n = std::fread(buffer, 1, sizeof(buffer), file);
    std::fclose(file);
  }
  return text;
}

namespace {

/// Takes the part before the first separator off the text, and the separator.
std::string_view takePart(std::string_view &text, char separator) {
  std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

/// A text that is a number and nothing else, but for blanks around it: "max" is none.
std::optional<uint64_t> number(std::string_view text) {
  constexpr const char *Blanks = " \t\n";
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(Blanks)));
  text = text.substr(0, text.find_last_not_of(Blanks) + 1);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return {};
  return value;
}

/// The number of a line that begins with `name`, in lines of "name number" or "name: number kB".
std::optional<uint64_t> numberOf(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = takePart(text, '\n');
    if (line.starts_with(name)) {
      line = line.substr(name.size());
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
      return number(takePart(line, ' '));
    }
  }
  return {};
}

struct Group {
  std::string folder; // ends with a slash
  bool unified;       // it is of version 2
};

/// The control groups of this process that a controller may limit, from its own up to the root:
/// version 2 has one tree for all, version 1 a tree for each controller. In a container the inner
/// groups may not be visible; the root then is the container's own.
std::vector<Group> groupsOf(const std::string &root, std::string_view controller) {
  std::vector<Group> groups;
  std::string text = systemText(root + "/proc/self/cgroup");
  for (std::string_view rest = text; !rest.empty();) {
    // "4:cpu,cpuacct:/a/b", and of version 2 "0::/a/b"
    std::string_view path = takePart(rest, '\n');
    takePart(path, ':');
    std::string_view controllers = takePart(path, ':');
    if (!path.starts_with('/'))
      continue;
    bool unified = controllers.empty(), limits = unified;
    while (!controllers.empty())
      limits |= takePart(controllers, ',') == controller;
    if (!limits)
      continue;
    std::string tree = root + "/sys/fs/cgroup" + (unified ? "" : "/" + std::string(controller));
    while (path.ends_with('/'))
      path.remove_suffix(1);
    for (; !path.empty(); path = path.substr(0, path.rfind('/')))
      groups.push_back({tree + std::string(path) + '/', unified});
    groups.push_back({tree + '/', unified});
  }
  return groups;
}

} // namespace

MemoryLimits memoryLimits(const std::string &root) {
  MemoryLimits limits;
  std::string info = systemText(root + "/proc/meminfo");
  auto bytes = [&](std::string_view name) -> std::optional<uint64_t> {
    std::optional<uint64_t> kib = numberOf(info, name);
    if (!kib || *kib > UINT64_MAX / 1024)
      return {};
    return *kib * 1024;
  };
  limits.total = bytes("MemTotal:");
  limits.available = bytes("MemAvailable:");

  for (const auto &[folder, unified] : groupsOf(root, "memory")) {
    std::optional<uint64_t> limit =
        number(systemText(folder + (unified ? "memory.max" : "memory.limit_in_bytes")));
    if (!limit)
      continue;
    uint64_t used =
        number(systemText(folder + (unified ? "memory.current" : "memory.usage_in_bytes")))
            .value_or(0);
    // Pages of files are given back when they are in the way. Only those: what is counted as `file`
    // or `cache` has shared memory and tmpfs in it, too, and what is locked.
    std::string stat = systemText(folder + "memory.stat");
    for (std::string name : {"inactive_file ", "active_file "})
      used -= std::min(used, numberOf(stat, unified ? name : "total_" + name).value_or(0));
    limits.limit = std::min(limits.limit, *limit);
    limits.left = std::min(limits.left, *limit - std::min(*limit, used));
  }
  return limits;
}

uint64_t availableBytes(const std::string &root) {
  MemoryLimits limits = memoryLimits(root);
  return std::min(limits.available.value_or(UINT64_MAX), limits.left);
}

uint32_t usableCores(const std::string &root) {
  // More processors than fit into the usual set need a larger one.
  uint32_t cores = 0;
  for (size_t count = CPU_SETSIZE; count <= CPU_SETSIZE * 64 && !cores; count *= 2) {
    cpu_set_t *set = CPU_ALLOC(count);
    size_t size = CPU_ALLOC_SIZE(count);
    if (set && sched_getaffinity(0, size, set) == 0)
      cores = static_cast<uint32_t>(CPU_COUNT_S(size, set));
    CPU_FREE(set);
  }
  cores = std::max(cores, 1u);

  for (const auto &[folder, unified] : groupsOf(root, "cpu")) {
    std::string text = unified ? systemText(folder + "cpu.max") // "max 100000"
                               : systemText(folder + "cpu.cfs_quota_us") + " " +
                                     systemText(folder + "cpu.cfs_period_us");
    std::string_view period = text, quota = takePart(period, ' ');
    std::optional<uint64_t> q = number(quota), p = number(period);
    // Rounded down: a thread that is throttled makes all others wait.
    if (q && p && *p)
      cores = static_cast<uint32_t>(std::clamp<uint64_t>(*q / *p, 1, cores));
  }
  return cores;
}

} // namespace ashlar
