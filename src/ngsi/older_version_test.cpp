#include "ngsi/older_version.hpp"

#include <gtest/gtest.h>

namespace cityloom::ngsi {
namespace {

std::string as_of(std::string_view document, Version version, EntityForm form = EntityForm::reified) {
  return amended(document, version, form).value_or("as it was");
}

TEST(OlderVersion, IsReadFromThePreferencesOfARequest) {
  EXPECT_EQ(preferred_version("ngsi-ld=1.6"), (Version{1, 6}));
  EXPECT_EQ(preferred_version(R"(respond-async, NGSI-LD="1.9.1";q=0.1)"), (Version{1, 9}));
  EXPECT_EQ(preferred_version("body=json, ngsi-ld=1.4"), (Version{1, 4}));
  for (const char* none :
       {"", "body=json", "ngsi-ld", "ngsi-ld=", "ngsi-ld=1", "ngsi-ld=1.x", "ngsi-ld=-1.2", "ngsi-ld=1.2.3.4"})
    EXPECT_FALSE(preferred_version(none)) << none;
}

TEST(OlderVersion, KindsThatCameLaterAreWrittenAsWhatTheyWere) {
  const char* entity =
      R"({"id":"urn:a:1","type":"T","l":{"type":"LanguageProperty","languageMap":{"en":"hi"}},)"
      R"("j":{"type":"JsonProperty","json":{"vocab":1}},"v":{"vocab":"V"},"n":{"type":"ListProperty","valueList":[1,2]},)"
      R"("r":{"type":"ListRelationship","objectList":[{"object":"urn:b:1"},{"object":"urn:b:2"}]}})";
  EXPECT_EQ(as_of(entity, {1, 8}), "as it was");
  EXPECT_EQ(as_of(entity, {1, 4}),
            R"({"id":"urn:a:1","type":"T","l":{"type":"LanguageProperty","languageMap":{"en":"hi"}},)"
            R"("j":{"type":"Property","value":{"vocab":1}},"v":{"value":"V"},"n":{"type":"Property","value":[1,2]},)"
            R"("r":{"type":"Relationship","object":["urn:b:1","urn:b:2"]}})");
  EXPECT_EQ(as_of(R"({"id":"urn:a:1","l":{"type":"LanguageProperty","languageMap":{"en":"hi"}}})", {1, 3}),
            R"({"id":"urn:a:1","l":{"type":"Property","value":{"en":"hi"}}})");
}

TEST(OlderVersion, MembersThatCameLaterAreLeftOut) {
  const char* entities =
      R"([{"id":"urn:a:1","type":["A","B"],"scope":"/a","expiresAt":"2100-01-01T00:00:00Z",)"
      R"("h":[{"type":"Property","value":1,"datasetId":"urn:d:1"},{"type":"Property","value":{"unitCode":1},)"
      R"("unitCode":"CEL","q":{"type":"Property","value":2,"observedAt":"2020-01-01T00:00:00Z"}}]}])";
  EXPECT_EQ(
      as_of(entities, {1, 0}),
      R"([{"id":"urn:a:1","type":"A","h":{"type":"Property","value":{"unitCode":1},"q":{"type":"Property","value":2}}}])");
  EXPECT_EQ(as_of(R"({"id":"urn:a:1","expiresAt":"2100-01-01T00:00:00Z","scope":"/a","h":1})", {1, 8}),
            R"({"id":"urn:a:1","scope":"/a","h":1})");
  EXPECT_EQ(as_of(entities, {1, 9}), "as it was");
}

TEST(OlderVersion, FeaturesPastsAndSimplifiedEntities) {
  EXPECT_EQ(as_of(R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"urn:a:1","geometry":null,)"
                  R"("properties":{"type":"T","scope":"/a","v":{"type":"VocabProperty","vocab":"V"}}}]})",
                  {1, 3}),
            R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"urn:a:1","geometry":null,)"
            R"("properties":{"type":"T","v":{"type":"Property","value":"V"}}}]})");
  EXPECT_EQ(as_of(R"({"id":"urn:a:1","h":[{"type":"Property","value":1,"instanceId":"urn:i:1"},)"
                  R"({"type":"Property","value":2,"instanceId":"urn:i:2"}]})",
                  {1, 0}),
            "as it was");
  EXPECT_EQ(as_of(R"({"id":"urn:a:1","v":{"type":"VocabProperty","vocabs":[["V","2020-01-01T00:00:00Z"]]}})", {1, 5}),
            R"({"id":"urn:a:1","v":{"type":"Property","values":[["V","2020-01-01T00:00:00Z"]]}})");
  EXPECT_EQ(as_of(R"({"id":"urn:a:1","scope":"/a","v":{"vocab":"V"}})", {1, 3}, EntityForm::simplified),
            R"({"id":"urn:a:1","v":{"vocab":"V"}})");
  EXPECT_EQ(as_of(R"({"id":"urn:n:1","type":"Notification","subscriptionId":"urn:s:1",)"
                  R"("data":[{"id":"urn:a:1","v":{"type":"VocabProperty","vocab":"V"}}]})",
                  {1, 5}),
            R"({"id":"urn:n:1","type":"Notification","subscriptionId":"urn:s:1",)"
            R"("data":[{"id":"urn:a:1","v":{"type":"Property","value":"V"}}]})");
  EXPECT_EQ(as_of("no JSON", {1, 3}), "as it was");
}

}  // namespace
}  // namespace cityloom::ngsi
