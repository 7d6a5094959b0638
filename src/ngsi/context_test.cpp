#include "ngsi/context.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "ngsi/context_source.hpp"
#include "ngsi/json.hpp"
#include "ngsi/names.hpp"

namespace cityloom::ngsi {
namespace {

constexpr const char* store_url = "https://example.org/store.jsonld";

// A source whose web is a map, and which counts what it was asked.
struct Web {
  std::map<std::string, std::string> pages;
  int fetches = 0;
  base::ManualClock clock{base::Instant::from_seconds(1'000'000)};
  std::map<std::string, std::string, std::less<>> hosted;
  ContextSource source{[this](const std::string& url) -> base::Result<std::string> {
                         ++fetches;
                         const auto page = pages.find(url);
                         if (page == pages.end()) return base::fail(base::Code::unavailable, "404");
                         return page->second;
                       },
                       [this](std::string_view url) -> std::optional<std::string> {
                         const auto found = hosted.find(url);
                         return found == hosted.end() ? std::nullopt : std::optional(found->second);
                       },
                       clock};
};

TEST(Context, CoreTermsMeanWhatAnnexBSays) {
  const auto core = Context::core();
  EXPECT_EQ(core->expand("location"), "https://uri.etsi.org/ngsi-ld/location");
  EXPECT_EQ(core->expand("description"), "http://purl.org/dc/terms/description");
  EXPECT_EQ(core->expand("value"), "https://uri.etsi.org/ngsi-ld/hasValue");
  EXPECT_EQ(core->expand("Point"), "https://purl.org/geojson/vocab#Point");
  EXPECT_EQ(core->expand("temperature"), "https://uri.etsi.org/ngsi-ld/default-context/temperature");
  EXPECT_EQ(core->expand("ngsi-ld:Thing"), "https://uri.etsi.org/ngsi-ld/Thing");
  EXPECT_EQ(core->expand("https://example.org/x"), "https://example.org/x");
  EXPECT_EQ(core->expand("urn:x:y"), "urn:x:y");
  EXPECT_EQ(core->expand("@id"), "");
  EXPECT_EQ(core->expand(""), "");
  EXPECT_EQ(core->compact("https://uri.etsi.org/ngsi-ld/default-context/temperature"), "temperature");
  EXPECT_EQ(core->compact("https://uri.etsi.org/ngsi-ld/location"), "location");
  EXPECT_EQ(core->compact("https://uri.etsi.org/ngsi-ld/Thing"), "ngsi-ld:Thing");
  EXPECT_EQ(core->compact("https://example.org/x"), "https://example.org/x");
}

TEST(Context, EveryEditionOfTheCoreIsKnownByUrl) {
  for (const char* url : {"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld",
                          "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.3.jsonld",
                          "http://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"}) {
    EXPECT_TRUE(is_core_context_url(url)) << url;
  }
  EXPECT_FALSE(is_core_context_url("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-evil.jsonld"));
  EXPECT_FALSE(is_core_context_url("https://example.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"));
  EXPECT_EQ(core_context_json("v1.8").find("snapshotId"), std::string::npos);
  EXPECT_NE(core_context_json("v1.9").find("snapshotId"), std::string::npos);
}

TEST(Context, UserTermsExpandAndCompactButNeverOverTheCore) {
  Web web;
  const auto context =
      web.source.from_json(R"({"schema":"https://schema.org/","Shop":"schema:Store","name":"schema:name",
      "shop":{"@id":"schema:Store"},"owner":{"@id":"ex:owner","@type":"@id"},"ex":"https://example.org/ns#",
      "location":"https://example.org/evil","nothing":null,"@vocab":"https://example.org/vocab/"})");
  ASSERT_TRUE(context.ok()) << context.error().text();
  EXPECT_EQ((*context)->expand("Shop"), "https://schema.org/Store");
  EXPECT_EQ((*context)->expand("ex:a"), "https://example.org/ns#a");
  EXPECT_EQ((*context)->expand("owner"), "https://example.org/ns#owner");
  EXPECT_EQ((*context)->find("owner")->coercion, Coercion::id);
  EXPECT_EQ((*context)->expand("location"), "https://uri.etsi.org/ngsi-ld/location");
  EXPECT_EQ((*context)->expand("nothing"), "");
  EXPECT_EQ((*context)->expand("other"), "https://uri.etsi.org/ngsi-ld/default-context/other")
      << "the core's @vocab is last";
  EXPECT_EQ((*context)->compact("https://schema.org/Store"), "Shop") << "equally short: the first in order";
  EXPECT_EQ((*context)->compact("https://schema.org/address"), "schema:address");
  // A bare "name" would be read back as schema:name.
  EXPECT_EQ((*context)->compact("https://uri.etsi.org/ngsi-ld/default-context/name"), "ngsi-ld:default-context/name");
}

TEST(Context, CompactingAnythingReadsBackTheSame) {
  Web web;
  const auto context = web.source.from_json(
      R"({"a":"https://e.org/","ab":"https://e.org/b","b":"https://e.org/b","c":"a:x","d":"https://e.org/x/"})");
  ASSERT_TRUE(context.ok());
  std::mt19937 random(3);
  const std::string_view parts[] = {
      "https://e.org/", "b",   "x", "/", ":", "a", "https://uri.etsi.org/ngsi-ld/default-context/", "#",
      "ngsi-ld",        "urn", "//"};
  for (int i = 0; i < 20'000; ++i) {
    std::string iri = i % 2 == 0 ? "https://" : "urn:";
    for (int n = static_cast<int>(random() % 5); n >= 0; --n) iri += parts[random() % std::size(parts)];
    ASSERT_EQ((*context)->expand((*context)->compact(iri)), iri);
  }
}

TEST(ContextSource, LaterContextsOverrideEarlierOnesAndNestedOnesAreRead) {
  Web web;
  web.pages[store_url] = R"({"@context":["https://example.org/base.jsonld",{"b":"https://two.org/b"}]})";
  web.pages["https://example.org/base.jsonld"] =
      R"({"@context":{"a":"https://one.org/a","b":"https://one.org/b","p":"https://p.org/"}})";
  const auto context = web.source.from_json(R"(["https://example.org/store.jsonld",{"c":"p:c"}])");
  ASSERT_TRUE(context.ok()) << context.error().text();
  EXPECT_EQ((*context)->expand("a"), "https://one.org/a");
  EXPECT_EQ((*context)->expand("b"), "https://two.org/b");
  EXPECT_EQ((*context)->expand("c"), "https://p.org/c");
  EXPECT_EQ(
      (*context)->json(),
      R"(["https://example.org/store.jsonld",{"c":"p:c"},"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"])");
  EXPECT_EQ((*context)->link(), "");
  EXPECT_EQ((*web.source.from_url(store_url))->link(), store_url);
  EXPECT_EQ(web.fetches, 2) << "both documents are kept";
  EXPECT_TRUE(
      web.source.from_json(R"("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.6.jsonld")").value()->is_core());
}

TEST(ContextSource, AFailedFetchIsNeverKeptAsAContext) {
  Web web;
  auto context = web.source.from_url(store_url);
  ASSERT_FALSE(context.ok());
  EXPECT_EQ(context.error().code, base::Code::unavailable);
  web.pages[store_url] = "<html>a portal's page</html>";
  web.clock.advance_us(11'000'000);
  context = web.source.from_url(store_url);
  ASSERT_FALSE(context.ok());
  EXPECT_EQ(context.error().code, base::Code::unavailable);
  EXPECT_TRUE(web.source.cached().empty());
  (void)web.source.from_url(store_url);
  EXPECT_EQ(web.fetches, 2) << "not asked again at once";
  web.pages[store_url] = R"({"@context":{"a":"https://one.org/a"}})";
  web.clock.advance_us(11'000'000);
  EXPECT_TRUE(web.source.from_url(store_url).ok());
}

TEST(ContextSource, AnOldContextServesOnWhenItsServerIsGone) {
  Web web;
  web.pages[store_url] = R"({"@context":{"a":"https://one.org/a"}})";
  ASSERT_TRUE(web.source.from_url(store_url).ok());
  web.pages.clear();
  web.clock.advance_us(3'600'000'001);
  EXPECT_EQ(web.source.from_url(store_url).value()->expand("a"), "https://one.org/a");
  EXPECT_EQ(web.fetches, 2);
  web.clock.advance_us(86'400'000'001);
  EXPECT_FALSE(web.source.from_url(store_url).ok());
}

TEST(ContextSource, ReadyNeverFetches) {
  Web web;
  web.pages[store_url] = R"({"@context":{"a":"https://one.org/a"}})";
  EXPECT_EQ(web.source.ready('"' + std::string(store_url) + '"'), nullptr);
  EXPECT_EQ(web.fetches, 0);
  EXPECT_NE(web.source.ready(R"({"a":"https://one.org/a"})"), nullptr);
  ASSERT_TRUE(web.source.from_url(store_url).ok());
  EXPECT_NE(web.source.ready('"' + std::string(store_url) + '"'), nullptr);
}

TEST(ContextSource, HostedContextsComeFirstAndCanBeForgotten) {
  Web web;
  web.hosted["http://localhost/hosted/1"] = R"({"@context":{"a":"https://one.org/a"}})";
  EXPECT_EQ(web.source.from_url("http://localhost/hosted/1").value()->expand("a"), "https://one.org/a");
  web.hosted["http://localhost/hosted/1"] = R"({"@context":{"a":"https://two.org/a"}})";
  web.source.forget("http://localhost/hosted/1");
  EXPECT_EQ(web.source.from_url("http://localhost/hosted/1").value()->expand("a"), "https://two.org/a");
  EXPECT_EQ(web.fetches, 0);
}

TEST(ContextSource, RefusesWhatIsNoContextAndWhatRunsInCircles) {
  Web web;
  web.pages["https://example.org/one"] = R"({"@context":"https://example.org/two"})";
  web.pages["https://example.org/two"] = R"({"@context":["https://example.org/one"]})";
  const auto circle = web.source.from_url("https://example.org/one");
  ASSERT_FALSE(circle.ok());
  EXPECT_EQ(circle.error().code, base::Code::too_complex);
  for (const char* bad :
       {"1", "true", "\"relative\"", "\"file:///etc/passwd\"", R"({"a":1})", R"({"a":{"@id":1}})",
        R"({"a":"b:x","b":"a:x"})", R"({"a":{"@id":"https://x.org/a","@context":{"value":"https://x.org/v"}}})",
        R"({"a":{"@reverse":"https://x.org/a"}})", R"({"@import":"https://x.org"})", R"({"a":"@graph"})", "{"}) {
    const auto context = web.source.from_json(bad);
    ASSERT_FALSE(context.ok()) << bad;
    EXPECT_EQ(context.error().code, base::Code::invalid) << bad;
  }
  const int fetches = web.fetches;
  const auto mixed = web.source.from_json(R"(["https://example.org/nowhere", 7])");
  EXPECT_EQ(mixed.error().code, base::Code::invalid);
  EXPECT_EQ(web.fetches, fetches);
  std::string large = "{";
  for (int i = 0; i < 20'001; ++i) large += (i != 0 ? ",\"t" : "\"t") + std::to_string(i) + R"(":"urn:x")";
  EXPECT_EQ(web.source.from_json(large + '}').error().code, base::Code::too_large);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += '[';
  EXPECT_EQ(web.source.from_json(deep).error().code, base::Code::invalid);
}

TEST(Names, AreCompactedOnceAndStay) {
  twin::TermTable terms;
  const twin::Term temperature = *terms.intern("https://uri.etsi.org/ngsi-ld/default-context/temperature");
  const twin::Term odd = *terms.intern("https://example.org/a\"b");
  NameBook book(terms, 2);
  const NamesPointer names = book.of(Context::core());
  EXPECT_EQ(names->quoted(temperature), "\"temperature\"");
  EXPECT_EQ(names->quoted(temperature).data(), names->quoted(temperature).data());
  EXPECT_EQ(names->quoted(odd), R"("https://example.org/a\"b")");
  EXPECT_EQ(names->quoted_text(temperature), R"("https://uri.etsi.org/ngsi-ld/default-context/temperature")");
  EXPECT_EQ(names->quoted({}), "\"\"");
  EXPECT_EQ(names->quoted(twin::Term::unknown()), "\"\"");
  EXPECT_EQ(book.of(Context::core()), names);
}

TEST(Json, NumbersReadBackAsTheSame) {
  std::mt19937_64 random(9);
  const auto check = [](double number) {
    std::string json;
    append_number(number, json);
    ASSERT_EQ(std::stod(json), number) << json;
    ASSERT_LE(json.size(), 24u);
  };
  for (int i = 0; i < 100'000; ++i) {
    double any;
    const uint64_t bits = random();
    std::memcpy(&any, &bits, sizeof(any));
    if (std::isfinite(any) && std::fpclassify(any) != FP_SUBNORMAL) check(any);
    check(static_cast<double>(static_cast<int64_t>(random() % 2'000'000'000'000) - 1'000'000'000'000) /
          std::pow(10, i % 9));
  }
  const auto text = [](double number) {
    std::string json;
    append_number(number, json);
    return json;
  };
  EXPECT_EQ(text(0.5), "0.5");
  EXPECT_EQ(text(-0.0000001), "-0.0000001");
  EXPECT_EQ(text(127.1025), "127.1025");
  EXPECT_EQ(text(-17.0), "-17");
  EXPECT_EQ(text(0.0), "0");
  EXPECT_EQ(text(1e300), "1e+300");
}

TEST(Json, StringsAndTimesAreWrittenAsTheirReadersExpect) {
  const auto quoted = [](std::string_view text) {
    std::string json;
    append_quoted(text, json);
    return json;
  };
  EXPECT_EQ(quoted("잠실 \"롯데\"\n\x01\\ and a longer tail"), "\"잠실 \\\"롯데\\\"\\n\\u0001\\\\ and a longer tail\"");
  for (int c = 0; c < 128; ++c) {
    const std::string text = "1234567" + std::string(1, static_cast<char>(c)) + "12345678";
    const bool escapes = c < 0x20 || c == '"' || c == '\\';
    EXPECT_EQ(quoted(text).size() > text.size() + 2, escapes) << c;
  }
  std::mt19937_64 random(5);
  std::uniform_int_distribution<int64_t> any(base::Instant::parse("0000-01-01T00:00:00Z")->microseconds,
                                             base::Instant::parse("9999-12-31T23:59:59Z")->microseconds);
  for (int i = 0; i < 10'000; ++i) {
    const base::Instant instant{i % 3 == 0 ? any(random) / 1000 * 1000 : any(random)};
    std::string json;
    append_instant(instant, json);
    ASSERT_EQ(json, '"' + instant.text() + '"');
  }
}

}  // namespace
}  // namespace cityloom::ngsi
