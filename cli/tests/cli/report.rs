//! The report for a person, in a real browser.

use std::{fs, path::Path, process::Command};

use crate::page::{Page, Say as _};

/// All that a page can print and claim that a browser could take amiss.
const PAGE: &str = r#"# A page

~~~bash {"name": "markup"}
echo '<script>document.title = "printed"</script><h1 style="width: 4000px">wide</h1>'
printf 'x%.0s' {1..3000}
~~~
<!-- expect
stdout contains "<script>"
-->

~~~bash {"name": "lie"}
echo '{"greeting": "<b>hello</b>"}'
~~~
<!-- expect
json $.greeting == "<i>good bye</i>"
-->

~~~bash {"name": "load"}
echo '{"metrics": {"http_req_duration": {"values": {"min": 1, "med": 2, "max": 9, "p(95)": 5}, "thresholds": {"p(95)<6": {"ok": true}}}}}'
~~~
<!-- expect
json $.metrics exists
-->
"#;

/// Says in its title how many blocks are open, how many scripts there are, what was loaded, and, once all is open, whether
/// the page fits.
const PROBE: &str = "<script>{
    const open = document.querySelectorAll('section > details[open]').length;
    document.querySelectorAll('details').forEach(details => details.open = true);
    document.title = [open, document.querySelectorAll('script').length,
        performance.getEntriesByType('resource').length,
        document.documentElement.scrollWidth <= innerWidth].join(' ');
}</script></body>";

/// The page's title once a browser of that width has shown it.
fn title(file: &Path, width: u32) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},900"))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("chromium: `ci/setup tests` installs it");
    let dom = String::from_utf8(output.stdout).unwrap();
    let title = dom.split("<title>").nth(1);
    let title = title.and_then(|rest| rest.split("</title>").next());
    title
        .unwrap_or_else(|| panic!("no title in:\n{dom}"))
        .to_owned()
}

#[test]
fn a_browser_shows_it_at_every_width_and_nothing_printed_is_run() {
    let page = Page::of(PAGE);
    let report = page.folder().join("report.html");
    let argument = format!("html={}", report.display());
    page.labctl(&["verify", "page.md", "--report", &argument])
        .said()
        .code(1);
    let text = fs::read_to_string(&report).unwrap();
    let probed = page.folder().join("probed.html");
    fs::write(&probed, text.replace("</body>", PROBE)).unwrap();
    for width in [1280, 390] {
        // There is no script but the probe, and the failed block alone is open.
        assert_eq!(title(&probed, width), "1 1 0 true", "at {width} pixels");
    }
    let own = "labctl: Something is not what the pages say";
    assert_eq!(title(&report, 1280), own);
}
