// Fuzzes all that the server reads of a request: head, target, parameters, route, chunked body, file names.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "serve/api/console_path.hpp"
#include "serve/api/names.hpp"
#include "serve/engine/parser.hpp"
#include "serve/router.hpp"
#include "serve/tenants.hpp"

namespace cityloom::serve {
namespace {

Router make_router() {
  Router router;
  int number = 0;
  for (const char* path : {"/", "/a", "/a/{b}", "/a/{b}/c/{d}", "/a/b/{c*}", "/{x}/c"}) {
    Route route;
    route.path = path;
    route.operation_id = "r" + std::to_string(number++);
    route.handler = answer([](const Request&) { return Response::empty(); });
    router.add(std::move(route));
  }
  return router;
}

void check(bool holds) {
  if (!holds) std::abort();
}

void check_head(std::string_view bytes) {
  const size_t end = engine::end_of_head(bytes, 0);
  if (end == std::string_view::npos) return;
  Request request;
  engine::RequestParser parser;
  if (parser.parse_head(bytes.substr(0, end), 100, request)) return;
  for (const NameValue& header : request.headers()) {
    check(header.value.empty() || (header.value.data() >= bytes.data() && header.value.data() < bytes.data() + end));
  }
  static const Router router = make_router();
  static const auto gate = trust::make_open_gate();
  (void)admit(router, *gate, request);
  (void)Tenants::check_name(request.tenant());
  if (!parser.chunked()) return;
  // In two pieces as from a socket; never more than the limit.
  std::string body;
  std::string waiting(bytes.substr(end, (bytes.size() - end) / 2));
  size_t used = 0;
  bool done = false;
  if (parser.parse_chunks(waiting, 1'000, body, used, done) || done) return;
  waiting.erase(0, used).append(bytes.substr(end + (bytes.size() - end) / 2));
  (void)parser.parse_chunks(waiting, 1'000, body, used, done);
  check(body.size() <= 1'000);
}

void check_texts(std::string_view bytes) {
  if (const auto decoded = percent_decoded(bytes)) {
    check(*percent_decoded(percent_encoded(*decoded)) == *decoded);
    check(folded(folded(*decoded)) == folded(*decoded));
    if (const auto path = console_path(*decoded)) {
      check(("/" + *path + "/").find("/../") == std::string::npos && !path->starts_with('/'));
    }
  }
  (void)read_moment(bytes);
  Request request;
  (void)request.set_target(Method::get, bytes);
}

}  // namespace
}  // namespace cityloom::serve

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(data[i]);
  cityloom::serve::check_head(text);
  cityloom::serve::check_texts(text);
  return 0;
}
