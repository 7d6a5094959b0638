#include "model/json_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace cityloom::model {

using base::Code;
using base::fail;
using base::Result;
namespace files = std::filesystem;

Result<Json> read_json(const std::string& path) {
  std::error_code error;
  const uintmax_t bytes = files::file_size(path, error);
  if (error) return fail(Code::not_found, "there is no such file", path);
  if (bytes > json_file_bytes_max) return fail(Code::too_large, "over 256 MiB", path);
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(Code::invalid, "not JSON", path);
  return json;
}

// Another reader never sees half of it.
base::Status write_json(const std::string& path, const Json& json) {
  const std::string beside = path + ".new";
  std::ofstream out(beside, std::ios::binary);
  out << json.dump(-1, ' ', false, Json::error_handler_t::replace);
  out.close();
  std::error_code error;
  if (out) files::rename(beside, path, error);
  if (!out || error) return fail(Code::unavailable, "cannot be written", path, "see to the disk");
  return {};
}

Json json_of(const base::Error& error) {
  return {{"code", base::name_of(error.code)}, {"what", error.what}, {"where", error.where}, {"remedy", error.remedy}};
}

base::Error error_of(const Json& json) {
  base::Error error{Code::internal, json.value("what", ""), json.value("where", ""), json.value("remedy", "")};
  const std::string name = json.value("code", "");
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    if (base::name_of(static_cast<Code>(code)) == name) error.code = static_cast<Code>(code);
  }
  return error;
}

}  // namespace cityloom::model
