// URLs taken apart, and the judgement of addresses: what a client of ours may be sent to by somebody else.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>

#include "serve/outgoing.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;

struct Range4 {
  uint32_t first;
  int bits;
};

constexpr uint32_t ipv4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

bool inside(uint32_t address, Range4 range) {
  return (address >> (32 - range.bits)) == (range.first >> (32 - range.bits));
}

// IANA's special-purpose registry: everything that is not the public internet.
constexpr std::array<Range4, 14> not_public = {{{ipv4(0, 0, 0, 0), 8},
                                                {ipv4(10, 0, 0, 0), 8},
                                                {ipv4(100, 64, 0, 0), 10},
                                                {ipv4(127, 0, 0, 0), 8},
                                                {ipv4(169, 254, 0, 0), 16},
                                                {ipv4(172, 16, 0, 0), 12},
                                                {ipv4(192, 0, 0, 0), 24},
                                                {ipv4(192, 0, 2, 0), 24},
                                                {ipv4(192, 168, 0, 0), 16},
                                                {ipv4(198, 18, 0, 0), 15},
                                                {ipv4(198, 51, 100, 0), 24},
                                                {ipv4(203, 0, 113, 0), 24},
                                                {ipv4(224, 0, 0, 0), 4},
                                                {ipv4(240, 0, 0, 0), 4}}};

bool may_reach_v4(uint32_t address, Reach reach) {
  if (reach == Reach::public_only) {
    return std::none_of(not_public.begin(), not_public.end(), [&](Range4 range) { return inside(address, range); });
  }
  return !inside(address, {ipv4(169, 254, 0, 0), 16}) && !inside(address, {ipv4(224, 0, 0, 0), 3}) && address != 0;
}

bool may_reach_v6(const std::array<uint8_t, 16>& bytes, Reach reach) {
  const auto inner = [&](size_t at) { return ipv4(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]); };
  const auto zeros = [&](size_t count) {
    return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count),
                       [](uint8_t b) { return b == 0; });
  };
  const bool is_loopback = zeros(15) && bytes[15] == 1;
  if (is_loopback) return reach != Reach::public_only;
  // Addresses that carry an IPv4 address inside are judged by it: mapped, NAT64, 6to4, and the old compatible form.
  if (zeros(10) && bytes[10] == 0xff && bytes[11] == 0xff) return may_reach_v4(inner(12), reach);
  if (zeros(12)) return may_reach_v4(inner(12), reach);
  constexpr std::array<uint8_t, 12> nat64 = {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  if (std::equal(nat64.begin(), nat64.end(), bytes.begin())) return may_reach_v4(inner(12), reach);
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return may_reach_v4(inner(2), reach);
  const bool link_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
  const bool multicast = bytes[0] == 0xff;
  if (link_local || multicast) return false;
  if (reach != Reach::public_only) return true;
  const bool unique_local = (bytes[0] & 0xfe) == 0xfc;
  const bool site_local = bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0;
  const bool documentation = bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8;
  return !unique_local && !site_local && !documentation;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

uint16_t default_port(std::string_view scheme) {
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  if (scheme == "mqtt") return 1883;
  if (scheme == "mqtts") return 8883;
  return 0;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

bool may_reach(std::string_view address, Reach reach) {
  const std::string text(address.substr(0, address.find('%')));
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return may_reach_v4(ntohl(four.s_addr), reach);
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  std::array<uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &six, bytes.size());
  return may_reach_v6(bytes, reach);
}

base::Result<Url> Url::parse(std::string_view text) {
  const auto refuse = [&](const char* what) {
    return fail(Code::invalid, what, std::string(text.substr(0, 200)), "give a URL such as http://host:port/path");
  };
  if (text.size() > 8'192) return refuse("the URL is longer than 8,192 characters");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return refuse("a URL holds no space or control character");
  }
  Url url;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) return refuse("this is not an absolute URL");
  url.scheme = lower(text.substr(0, colon));
  url.port = default_port(url.scheme);
  if (url.port == 0) return refuse("the scheme must be http, https, mqtt or mqtts");
  std::string_view rest = text.substr(colon + 3);
  const size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end);
  std::string_view target = rest.substr(end);
  target = target.substr(0, target.find('#'));
  url.target = target.empty() || target.front() != '/' ? "/" + std::string(target) : std::string(target);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    const size_t split = user.find(':');
    url.user = percent_decoded(user.substr(0, split));
    if (split != std::string_view::npos) url.password = percent_decoded(user.substr(split + 1));
    authority = authority.substr(at + 1);
  }
  std::string_view port_text;
  if (!authority.empty() && authority.front() == '[') {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return refuse("the IPv6 address lacks its closing bracket");
    url.host = lower(authority.substr(1, close - 1));
    port_text = authority.substr(close + 1);
  } else {
    const size_t split = std::min(authority.find(':'), authority.size());
    url.host = lower(authority.substr(0, split));
    port_text = authority.substr(split);
  }
  if (url.host.empty()) return refuse("the URL names no host");
  if (port_text.size() > 1) {
    const char* last = port_text.data() + port_text.size();
    const auto [stop, error] = std::from_chars(port_text.data() + 1, last, url.port);
    if (port_text.front() != ':' || error != std::errc() || stop != last || url.port == 0)
      return refuse("the port is not a number from 1 to 65535");
  }
  return url;
}

std::string_view OutgoingResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() &&
        std::equal(key.begin(), key.end(), name.begin(),
                   [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); })) {
      return value;
    }
  }
  return {};
}

}  // namespace cityloom::serve
