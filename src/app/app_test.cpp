// Settings, the command line, and small things of the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "app/arguments.hpp"
#include "app/exit_code.hpp"
#include "app/progress.hpp"
#include "app/settings.hpp"

namespace cityloom::app {
namespace {

using testing::HasSubstr;

std::string file_with(const std::string& text) {
  std::string path = testing::TempDir() + "settings-XXXXXX";
  const int descriptor = mkstemp(path.data());
  EXPECT_GE(descriptor, 0);
  close(descriptor);
  std::ofstream(path) << text;
  return path;
}

std::string error_of(const std::string& yaml) {
  Settings settings;
  const std::string path = file_with(yaml);
  const base::Status status = read_settings(settings, path);
  std::remove(path.c_str());
  return status ? "" : status.error().text();
}

TEST(Settings, ExampleNamesEverySettingWithItsDefault) {
  std::ifstream file(CITYLOOM_SOURCE_DIR "/cityloom.example.yaml");
  std::stringstream text;
  text << file.rdbuf();
  Settings settings;
  settings.port = 1;
  settings.log_level = "debug";
  const base::Status status = read_settings(settings, CITYLOOM_SOURCE_DIR "/cityloom.example.yaml");
  ASSERT_TRUE(status) << status.error().text();
  const Settings defaults;
  for (const Setting& setting : setting_table()) {
    EXPECT_EQ(setting.get(settings), setting.get(defaults)) << setting.key;
    const std::string last_word = setting.key.substr(setting.key.rfind('.') + 1);
    EXPECT_THAT(text.str(), HasSubstr(last_word + ":"));
  }
}

TEST(Settings, EachCanBeSetAsItIsWritten) {
  for (const Setting& setting : setting_table()) {
    Settings settings;
    EXPECT_TRUE(set_setting(settings, setting.key, setting.get(Settings()), "")) << setting.key;
  }
}

TEST(Settings, UnknownKeyNamesTheNearest) {
  EXPECT_THAT(error_of("listen:\n  prot: 80\n"), HasSubstr(":2): did you mean listen.port?"));
  EXPECT_THAT(error_of("colour: red\n"), HasSubstr("cityloom.example.yaml lists"));
}

TEST(Settings, RefusesWithPlaceAndReason) {
  EXPECT_THAT(error_of("listen: {port: 70000}\n"),
              HasSubstr("listen.port: \"70000\" is no whole number from 0 to 65535"));
  EXPECT_THAT(error_of("listen: {port: 80a}\n"), HasSubstr("is no whole number"));
  EXPECT_THAT(error_of("listen: {host: 0.0.0.0}\n"), HasSubstr("reached from outside"));
  for (const std::string url : {"hub.example.org", "ftp://hub", "http://", "https:///x", "http://hub/?a", "http://a b"})
    EXPECT_THAT(error_of("listen:\n  public_url: \"" + url + "\"\n"), HasSubstr("no address of a server")) << url;
  EXPECT_THAT(error_of("log: {level: loud}\n"), HasSubstr("none of error, warning, info, debug"));
  EXPECT_THAT(error_of("data: [a, b]\n"), HasSubstr("one value, not a list"));
  EXPECT_THAT(error_of("- a\n- b\n"), HasSubstr("is a list of"));
  EXPECT_THAT(error_of("a: {b: [}\n"), HasSubstr("no YAML"));
  EXPECT_THAT(error_of(std::string(2 << 20, 'a')), HasSubstr("at most 1 MiB"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{a: ";
  EXPECT_NE(error_of(deep + "1" + std::string(100, '}')), "");
}

TEST(Settings, ContextsComeFromThisMachineUntilOthersAreLetIn) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  Settings settings;
  EXPECT_THAT(addresses_of_contexts(settings), ElementsAre("127.0.0.1", "::1"));
  settings.public_url = "https://hub.example.org";
  EXPECT_THAT(addresses_of_contexts(settings), IsEmpty());
  ASSERT_TRUE(set_setting(settings, "contexts.addresses", "10.0.0.7, FD00::0007,loopback", ""));
  EXPECT_THAT(addresses_of_contexts(settings), ElementsAre("10.0.0.7", "fd00::7", "127.0.0.1", "::1"));
  settings.public_url = "";
  ASSERT_TRUE(set_setting(settings, "contexts.addresses", "none", ""));
  EXPECT_THAT(addresses_of_contexts(settings), IsEmpty());
  for (const std::string text :
       {"hub.example.org", "10.0.0", "10.0.0.0/8", "10.0.0.7,,10.0.0.8", "::g", "127.0.0.1:80"})
    EXPECT_THAT(error_of("contexts: {addresses: \"" + text + "\"}\n"), HasSubstr("is no address")) << text;
}

TEST(Settings, EmptyFileChangesNothing) {
  EXPECT_EQ(error_of("# nothing\n"), "");
}

TEST(Settings, AbsentFile) {
  Settings settings;
  EXPECT_EQ(read_settings(settings, "/nowhere/at/all.yaml").error().code, base::Code::not_found);
}

const std::vector<Option> options = {{"--config", "FILE", "settings", ""},
                                     {"--port", "N", "port", "listen.port"},
                                     {"--data", "DIR", "data", "data"},
                                     {"--bench", "", "bench", "bench"},
                                     {"--to", "URL", "server", ""}};

TEST(Arguments, OptionsStandOverTheFile) {
  const std::string path = file_with("listen: {port: 1}\ndata: there\n");
  const auto arguments = parse_arguments({"--port", "2", "--config=" + path, "a", "--bench", "--", "--b"}, options);
  std::remove(path.c_str());
  ASSERT_TRUE(arguments) << arguments.error().text();
  EXPECT_EQ(arguments->settings.port, 2);
  EXPECT_EQ(arguments->settings.data, "there");
  EXPECT_TRUE(arguments->settings.bench);
  EXPECT_THAT(arguments->names, testing::ElementsAre("a", "--b"));
}

TEST(Arguments, KeepsOptionsWithoutASetting) {
  const auto arguments = parse_arguments({"--to", "x", "--to=y"}, options);
  ASSERT_TRUE(arguments);
  EXPECT_EQ(*arguments->option("--to"), "y");
  EXPECT_EQ(arguments->option("--config"), nullptr);
}

TEST(Arguments, Refuses) {
  EXPECT_THAT(parse_arguments({"--prot", "1"}, options).error().text(), HasSubstr("did you mean --port?"));
  EXPECT_THAT(parse_arguments({"--port"}, options).error().text(), HasSubstr("--port N"));
  EXPECT_THAT(parse_arguments({"--bench=1"}, options).error().text(), HasSubstr("takes no value"));
  EXPECT_THAT(parse_arguments({"--port", "x"}, options).error().text(), HasSubstr("(--port)"));
  EXPECT_TRUE(parse_arguments({"--nonsense", "--help"}, options).error().code == base::Code::invalid);
  EXPECT_TRUE(parse_arguments({"--help", "--nonsense"}, options)->help);
}

TEST(Progress, WritesALineNowAndThenAndAtTheEnd) {
  std::FILE* file = std::tmpfile();
  base::ManualClock clock(base::Instant::from_seconds(1));
  Progress progress("reading", clock, file);
  progress.report(1, 1000);
  clock.advance_us(2'100'000);
  progress.report(500, 2000, "features");
  progress.report(501, 2000, "features");
  clock.advance_us(400'000);
  progress.finish("2,000 features");
  std::rewind(file);
  char text[256] = {};
  EXPECT_GT(std::fread(text, 1, sizeof text - 1, file), 0u);
  EXPECT_STREQ(text, "reading: 500 of 2,000 (25 %) features\nreading: 2,000 features in 2.5 s\n");
  std::fclose(file);
}

TEST(ExitCode, TellsTheDataFolderFromTheInput) {
  EXPECT_EQ(exit_code_of_data(base::fail(base::Code::conflict, "")), ExitCode::data_folder);
  EXPECT_EQ(exit_code_of_input(base::fail(base::Code::invalid, "")), ExitCode::input);
  EXPECT_EQ(exit_code_of_input(base::fail(base::Code::unavailable, "")), ExitCode::data_folder);
  EXPECT_EQ(exit_code_of_data(base::fail(base::Code::cancelled, "")), ExitCode::interrupted);
}

}  // namespace
}  // namespace cityloom::app
