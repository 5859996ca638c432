// psscheck judges rendered workloads by the Pod Security Standards, with the API server's own code.
// Usage: psscheck privileged|baseline|restricted < FILE
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	sigsyaml "sigs.k8s.io/yaml"
)

// object reads of each kind the one part that says what its pods are.
type object struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Template    corev1.PodTemplateSpec  `json:"template"`
		JobTemplate batchv1.JobTemplateSpec `json:"jobTemplate"`
	} `json:"spec"`
}

func podOf(document []byte) (name string, pod *corev1.PodTemplateSpec, err error) {
	var head metav1.PartialObjectMetadata
	if err := sigsyaml.Unmarshal(document, &head); err != nil {
		return "", nil, err
	}
	name = head.Kind + "/" + head.Name
	switch head.Kind {
	case "Pod":
		var whole corev1.Pod
		err = sigsyaml.Unmarshal(document, &whole)
		return name, &corev1.PodTemplateSpec{ObjectMeta: whole.ObjectMeta, Spec: whole.Spec}, err
	case "CronJob":
		var whole object
		err = sigsyaml.Unmarshal(document, &whole)
		return name, &whole.Spec.JobTemplate.Spec.Template, err
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
		var whole object
		err = sigsyaml.Unmarshal(document, &whole)
		return name, &whole.Spec.Template, err
	case "List":
		return name, nil, errors.New("a List hides its workloads: render the objects one by one")
	}
	return name, nil, nil
}

func judge(input io.Reader, level api.LevelVersion) (workloads, refused int, err error) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return 0, 0, err
	}
	documents := yaml.NewYAMLReader(bufio.NewReader(input))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return workloads, refused, nil
		} else if err != nil {
			return workloads, refused, err
		}
		name, pod, err := podOf(document)
		if err != nil {
			return workloads, refused, fmt.Errorf("%s: %w", name, err)
		}
		if pod == nil {
			continue
		}
		workloads++
		verdict := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
		if !verdict.Allowed {
			refused++
			fmt.Printf("%s: %s\n", name, verdict.ForbiddenDetail())
		}
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Say the level, for example: psscheck restricted < FILE")
		os.Exit(2)
	}
	level, err := api.ParseLevel(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	workloads, refused, err := judge(os.Stdin, api.LevelVersion{Level: level, Version: api.LatestVersion()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Printf("%d workloads, %d refused\n", workloads, refused)
	if workloads == 0 || refused > 0 {
		os.Exit(1)
	}
}
