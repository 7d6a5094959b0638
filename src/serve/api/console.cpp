// /console/: the files of the built console, and / that leads there.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "serve/api/console_path.hpp"
#include "serve/api/doors.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

/// What the console may load: nothing from outside. Cesium compiles its shaders' helpers and WebAssembly at run time
/// and starts workers from blobs.
constexpr std::string_view content_policy =
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'self'";

/// A file's bytes, piece by piece.
class FileSource final : public BodySource {
 public:
  FileSource(int file, uint64_t bytes) : file_(file), left_(bytes) {}
  ~FileSource() override { ::close(file_); }

  Pulled pull(std::string& out, size_t bytes_max) override {
    const size_t before = out.size();
    const size_t wanted = std::min<uint64_t>(bytes_max, left_);
    out.resize(before + wanted);
    const ssize_t got = ::read(file_, out.data() + before, wanted);
    // The length is already promised: a file that shrank meanwhile cannot be sent whole.
    if (got <= 0 && wanted > 0) return Pulled::fail;
    out.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    left_ -= static_cast<uint64_t>(std::max<ssize_t>(got, 0));
    return left_ == 0 ? Pulled::end : Pulled::more;
  }

 private:
  int file_;
  uint64_t left_;
};

std::string tag_of(const struct stat& info) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "\"%llx-%llx-%lx\"", static_cast<unsigned long long>(info.st_size),
                static_cast<unsigned long long>(info.st_mtim.tv_sec), info.st_mtim.tv_nsec);
  return text.data();
}

Result<Response> serve_file(const std::string& folder, const Request& request) {
  const auto relative = console_path(request.path_value("file"));
  if (!relative) return fail(Code::not_found, "the console has no such file", std::string(request.path()));
  struct stat info {};
  std::string name = *relative;
  int file = ::open((folder + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  // Addresses inside the console are its own matter: they all begin with the same page.
  if (file < 0 && name.find('.', name.find_last_of('/') + 1) == std::string::npos) {
    name = "index.html";
    file = ::open((folder + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  }
  if (file < 0 || ::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    if (file >= 0) ::close(file);
    return fail(Code::not_found, "the console has no such file", std::string(request.path()),
                name == "index.html" ? "build it: see console/README.md" : "");
  }
  auto source = std::make_unique<FileSource>(file, static_cast<uint64_t>(info.st_size));
  const std::string tag = tag_of(info);
  Response response;
  if (request.header("If-None-Match").value_or("").find(tag) != std::string_view::npos) {
    response.status = 304;
  } else {
    response.content_type = content_type_of(name);
    response.source_bytes = static_cast<uint64_t>(info.st_size);
    response.body = std::move(source);
  }
  response.header("ETag", tag);
  response.header("Cache-Control", is_hashed_name(name) ? "public, max-age=31536000, immutable" : "no-cache");
  response.header("X-Content-Type-Options", "nosniff");
  if (name.ends_with(".html")) response.header("Content-Security-Policy", content_policy);
  return response;
}

Route redirect(std::string from, std::string id, int status) {
  Route route;
  route.path = std::move(from);
  route.action = trust::Action::look;
  route.operation_id = std::move(id);
  route.hidden = true;
  route.handler = answer([status](const Request&) {
    Response response = Response::empty(status);
    response.header("Location", "/console/");
    return response;
  });
  return route;
}

}  // namespace

std::optional<std::string> console_path(std::string_view path) {
  std::string result;
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
    // Hidden files, the folder above, and what other systems take for separators.
    if (segment.empty() || segment.front() == '.' || segment.find_first_of("\\:") != std::string_view::npos) return {};
    if (!result.empty()) result += '/';
    result += segment;
  }
  if (result.find('\0') != std::string::npos) return {};
  return result.empty() ? "index.html" : result;
}

bool is_hashed_name(std::string_view name) {
  // As the console's bundler names them: "assets/index-4f9Xb1Qz.js".
  if (!name.starts_with("assets/")) return false;
  const size_t dot = name.find('.');
  const size_t dash = name.substr(0, dot).find_last_of('-');
  return dot != std::string_view::npos && dash != std::string_view::npos && dot - dash - 1 >= 8;
}

std::string_view content_type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> types[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".geojson", "application/geo+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".webp", "image/webp"},
      {".gif", "image/gif"},
      {".ico", "image/x-icon"},
      {".ktx2", "image/ktx2"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".ttf", "font/ttf"},
      {".wasm", "application/wasm"},
      {".glb", "model/gltf-binary"},
      {".gltf", "model/gltf+json"},
      {".xml", "application/xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".terrain", "application/vnd.quantized-mesh"},
      {".czml", "application/json"},
  };
  for (const auto& [ending, type] : types) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

void add_console_doors(Router& router, const std::string& folder) {
  router.add(redirect("/", "goToConsole", 302));
  router.add(redirect("/console", "goIntoConsole", 308));
  Route files;
  files.path = "/console/{file*}";
  files.action = trust::Action::look;
  files.operation_id = "getConsoleFile";
  files.hidden = true;
  files.handler = answer_or_fail([folder](const Request& request) -> Result<Response> {
    if (folder.empty()) {
      return fail(Code::not_found, "this server was started without a console", "", "name its folder by --console");
    }
    return serve_file(folder, request);
  });
  router.add(std::move(files));
}

}  // namespace cityloom::serve
