// From the start of the process to the bytes of the root tile, as a user waits for it.
#include "bench/import_bench.hpp"

#include <chrono>
#include <filesystem>

#include "bench/http_load.hpp"
#include "bench/server_process.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;

constexpr int start_timeout_ms = 300'000;
constexpr double gigabyte = 1e9;

struct City {
  const char* name;
  const char* folder;
  double seconds_bar;
};

struct FirstPicture {
  double seconds = 0;
  uint64_t peak_resident_bytes = 0;
};

// The name of the root's content in a tileset.
std::string root_content(const std::string& tileset) {
  constexpr std::string_view key = "\"uri\":\"";
  const size_t start = tileset.find(key);
  if (start == std::string::npos) return {};
  std::string name = tileset.substr(start + key.size(), tileset.find('"', start + key.size()) - start - key.size());
  for (const std::string_view part : {"{level}", "{x}", "{y}"}) {
    if (const size_t at = name.find(part); at != std::string::npos) name.replace(at, part.size(), "0");
  }
  return name;
}

base::Result<FirstPicture> first_picture(const Setup& setup, const std::string& city, const std::string& data) {
  const auto start = std::chrono::steady_clock::now();
  ServerProcess server;
  const auto port =
      server.start(setup.program, {"--data", data, "--city", city, "--packs", setup.folder}, start_timeout_ms);
  if (!port) return port.error();
  std::string content;
  while (content.empty()) {
    const auto tileset = ask_http(*port, http_request("GET", "/tiles/buildings/tileset.json"));
    if (!tileset) return tileset.error();
    content = root_content(tileset->body);
    if (std::chrono::steady_clock::now() - start > std::chrono::milliseconds(start_timeout_ms)) {
      return fail(Code::timeout, "no tile came");
    }
  }
  const auto tile = ask_http(*port, http_request("GET", "/tiles/buildings/" + content));
  if (!tile) return tile.error();
  if (tile->status != 200) return fail(Code::unavailable, "the root tile was not answered");
  return FirstPicture{std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                      server.peak_resident_bytes()};
}

}  // namespace

base::Status run_import(const Setup& setup, const Report& report) {
  if (setup.shared_folder.empty()) return fail(Code::unavailable, "the real data is absent", "../shared/data");
  for (const City& city : {City{"jamsil", "seoul-jamsil", 10}, City{"monaco", "monaco", 20}}) {
    const std::string folder = setup.shared_folder + "/" + city.folder, data = setup.folder + "/" + city.name;
    if (!std::filesystem::exists(folder)) return fail(Code::unavailable, "the real data is absent", folder);
    const std::string name = std::string("import_") + city.name;
    const auto first = first_picture(setup, folder, data);
    if (!first) return first.error();
    report({name + "_to_first_tile", first->seconds, "s", city.seconds_bar, false});
    report({name + "_peak_memory", static_cast<double>(first->peak_resident_bytes) / gigabyte, "GB", 1.0, false});
    const auto second = first_picture(setup, folder, data);
    if (!second) return second.error();
    report({name + "_second_start", second->seconds, "s", 2.0, false});
  }
  return {};
}

}  // namespace cityloom::bench
