// Headers and URLs from outside: any bytes give an answer or an error, never a fall.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "serve/ngsi/media.hpp"
#include "serve/outgoing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::serve;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<ngsi_ld::Media> offered = {ngsi_ld::Media::json, ngsi_ld::Media::ld_json};
  (void)ngsi_ld::negotiate(text, offered);
  (void)ngsi_ld::body_media(text, true);
  (void)ngsi_ld::context_link(text);
  if (const auto url = Url::parse(text); url.ok()) (void)may_reach(url->host, Reach::public_only);
  return 0;
}
